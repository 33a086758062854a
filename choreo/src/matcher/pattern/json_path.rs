//! `path "$.items[*].sku" p`: values by a JSONPath query (RFC 9535).

use serde_json::Value;
use serde_json_path::{JsonPath as Query, PathElement};

use super::super::{Mismatch, Path, Segment, Subject, Verdict};
use super::{Kind, Pattern};

/// A condition on the list of what a query finds.
pub(crate) struct JsonPath {
    text: String,
    query: Query,
    pub(crate) part: Pattern,
}

impl JsonPath {
    pub(crate) fn pattern(text: String, part: Pattern) -> Pattern {
        match Query::parse(&text) {
            Ok(query) => Pattern::new(Kind::JsonPath(Self { text, query, part })),
            Err(error) => Pattern::broken(format!(
                "`path {}`, but that is no JSONPath query: {error}",
                Value::from(text)
            )),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What it finds, as a list.
    pub(crate) fn found(&self, value: &Value) -> Value {
        self.query.query(value).all().into_iter().cloned().collect()
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let Some(value) = subject.value else {
            return Err(Mismatch::type_mismatch(pattern.description(), subject));
        };
        let nodes = self.query.query_located(value);
        let found: Value = nodes.nodes().cloned().collect();
        self.part
            .verdict(Subject::present(&found))
            .map_err(|mut difference| {
                let places: Vec<Vec<Segment>> = nodes
                    .locations()
                    .map(|place| place.iter().map(segment).collect())
                    .collect();
                relocate(&mut difference, &places);
                if difference.children.is_empty() && difference.path.is_root() {
                    difference.expected = pattern.description();
                }
                difference
            })
    }
}

fn segment(element: &PathElement<'_>) -> Segment {
    match element {
        PathElement::Name(name) => Segment::Key((*name).to_owned()),
        PathElement::Index(index) => Segment::Index(*index),
    }
}

/// From the place in the list of what was found to the place in the message.
fn relocate(difference: &mut Mismatch, places: &[Vec<Segment>]) {
    let segments = difference.path.segments();
    if let Some((Segment::Index(index), rest)) = segments.split_first()
        && let Some(place) = places.get(*index)
    {
        let way = place.iter().chain(rest).rev();
        difference.path = way.fold(Path::root(), |path, segment| path.under(segment.clone()));
    }
    for child in &mut difference.children {
        relocate(child, places);
    }
}
