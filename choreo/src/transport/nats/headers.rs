//! Headers between a message and the client.

use std::str::FromStr;

use async_nats::{HeaderMap, HeaderName, HeaderValue};

use crate::envelope::Headers;

/// Headers for the client; none when there are none, as they cost the server a different command.
pub(super) fn outgoing_headers(headers: &Headers) -> Result<Option<HeaderMap>, String> {
    if headers.is_empty() {
        return Ok(None);
    }
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        // The client lets an empty name through, and the header would be lost.
        if name.is_empty() {
            return Err("a header has no name".into());
        }
        let parsed_name = HeaderName::from_str(name)
            .map_err(|_| format!("{name:?} is no name of a header: printable ASCII without `:`"))?;
        // Not the value: it could be a token.
        let parsed_value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of header `{name}` has a line break"))?;
        map.append(parsed_name, parsed_value);
    }
    Ok(Some(map))
}

/// The client keeps no order between names: they are sorted, so that one message always looks the same.
pub(super) fn incoming_headers(map: &HeaderMap) -> Headers {
    let mut pairs: Vec<(&str, &str)> = map
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_ref(), value.as_str()))
        })
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let mut headers = Headers::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}
