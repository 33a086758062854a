use choreo::prelude::*;

fn payment(s: &Scenario<'_>) {
    reply!(s, "payment.new" => "payment.done", { ok: true });
}

async fn scenario(s: Scenario<'_>) {
    publish!(s, "payment.new", {});
    payment(&s);
}

fn main() {}
