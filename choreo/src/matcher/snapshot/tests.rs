use serde_json::json;

use super::*;

fn unstored(name: &str) -> Snapshot {
    let site = SnapshotSite {
        file: file!(),
        module: module_path!(),
        manifest: env!("CARGO_MANIFEST_DIR"),
        root: None,
        assert: |_, _| panic!("a pattern does not ask for a review by itself"),
    };
    Snapshot::new(site, Some(name))
}

fn stored(value: Value) -> Snapshot {
    let snapshot = unstored("stored");
    let filled = snapshot.inner.stored.set(Stored::Json(value));
    filled.expect("nothing was read yet");
    snapshot
}

#[test]
fn a_difference_has_its_path() {
    let snapshot = stored(json!({ "id": "[id]", "order": { "count": 1, "sku": "A" } }))
        .redact([SnapshotStep::Key("id")], "[id]");
    let message = |count: Value| json!({ "id": 17, "order": { "count": count, "sku": "A" } });
    let check = |message: &Value| MessagePattern::check(&snapshot, Subject::present(message));
    assert_eq!(check(&message(json!(1))), Ok(message(json!(1))));

    let mismatch = check(&message(json!("1"))).expect_err("a text is no number");
    let leaves: Vec<_> = crate::matcher::diff::leaves(&mismatch).collect();
    assert_eq!(leaves.len(), 1);
    assert_eq!(leaves[0].path.to_string(), "order.count");
    assert_eq!(leaves[0].kind, MismatchKind::TypeMismatch);

    let mismatch = check(&message(json!(1.0))).expect_err("it is written in another way");
    assert!(
        mismatch
            .expected
            .ends_with("with numbers written in the same way")
    );
}

#[test]
fn nothing_equals_a_snapshot_that_is_not_stored() {
    let snapshot = unstored("never stored");
    let mismatch = MessagePattern::check(&snapshot, Subject::present(&json!({})))
        .expect_err("there is nothing to be equal to");
    let path =
        "choreo/src/matcher/snapshot/snapshots/choreo__matcher__snapshot__tests__never stored.snap";
    assert_eq!(
        mismatch.expected,
        format!("the snapshot `{path}`, which is not stored yet")
    );
}

#[test]
fn a_name_does_not_repeat_its_module() {
    assert_eq!(own_name("stored", "orders"), "stored");
    assert_eq!(own_name("api::v1::stored", "orders::api::v1"), "stored");
    assert_eq!(own_name("orders::api::stored", "orders::api"), "stored");
    assert_eq!(own_name("stored::case_1_eu", "orders"), "stored__case_1_eu");
    assert_eq!(
        own_name("an order is stored", "orders"),
        "an order is stored"
    );
}
