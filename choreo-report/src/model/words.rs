//! Enums that are one word of JSON each.

/// Defines an enum whose variants are written as words. With `other`, a word that this version does not know
/// is kept as it is, because a later version may add some; without it, such a word is an error.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word of this variant, as reports have it.
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                const WORDS: &[&str] = &[$( $word, )+];
                crate::model::words::deserialize(deserializer, |word| match word {
                    $( $word => Ok(Self::$variant), )+
                    unknown => Err(crate::model::words::unknown(unknown, WORDS)),
                })
            }
        }

        crate::model::words::words!(@common $name [$( $word ),+]);
    };
    (
        $(#[$meta:meta])*
        pub enum $name:ident or other {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A word that this version does not know.
            Unknown(String),
        }

        impl $name {
            /// Every variant that this version knows.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word of this variant, as reports have it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::model::words::deserialize(deserializer, |word| Ok(match word {
                    $( $word => Self::$variant, )+
                    unknown => Self::Unknown(unknown.to_owned()),
                }))
            }
        }

        crate::model::words::words!(@common $name [$( $word ),+]);
    };
    (@common $name:ident [$( $word:literal ),+]) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        // What we write uses the known words only, so the schema names them.
        #[cfg(test)]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$( $word ),+] })
            }
        }
    };
}

pub(crate) use words;

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a word without copying it.
pub(crate) fn deserialize<'de, D, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    struct Word<F>(F);

    impl<T, F: Fn(&str) -> Result<T, String>> Visitor<'_> for Word<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a word")
        }

        fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
            (self.0)(word).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Word(parse))
}

pub(crate) fn unknown(word: &str, known: &[&str]) -> String {
    format!("`{word}` is none of the known words: {}", known.join(", "))
}
