use choreo::pattern;

fn main() {
    pattern!({ item: =~ r"^(ITEM-\d+$" });
    pattern!({ item: =~ "[z-a]" });
    pattern!({ item: =~ r"a{3,1}", other: =~ r"\p{Klingon}" });
    pattern!({ item: =~ regex });
    pattern!({ item: = r"^ITEM" });
    pattern!({
        item: =~ r"(?x)
            ^ITEM
            (
        "
    });
}
