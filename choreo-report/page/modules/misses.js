// Near misses of an expectation in one form, whichever version of the report they come from.

const FROM_TEXT = /^at ([^:]{1,200}): expected (.{1,400}), got (.{1,400})$/s;

/** The near misses of a handle, the closest first: `{message, offset, differences, actual}`. */
export function nearMisses(handle, messages) {
  if (handle.near_misses?.length > 0) {
    return handle.near_misses.map((miss) => {
      const message = messages.get(miss.message);
      return { message, id: miss.message, offset: miss.offset_ms ?? message?.offset_ms, differences: (miss.differences ?? []).map(described), actual: message?.payload };
    });
  }
  if (handle.outcome !== "fail") return [];
  const failures = handle.failures?.length > 0 ? handle.failures : handle.failure ? [handle.failure] : [];
  const found = failures.map((failure, i) => ({
    message: undefined, id: undefined, offset: undefined, number: i + 1,
    differences: flat(failure),
    // Older reports keep the payload of the last candidate only.
    actual: i + 1 === handle.attempts ? handle.actual : undefined,
  }));
  if (found.length > 0) return found.reverse().sort((a, b) => a.differences.length - b.differences.length);
  const said = FROM_TEXT.exec(handle.reason ?? "");
  if (said === null) return [{ differences: [], actual: handle.actual, text: handle.reason }];
  return [{ differences: [{ path: said[1], kind: "mismatch", expectedText: said[2], actualText: said[3] }], actual: handle.actual }];
}

/** Since version 1.4 a difference says what the pattern asks for, in the pattern's own words. */
export function described(difference) {
  return typeof difference.expected === "string" ? { ...difference, expectedText: difference.expected } : difference;
}

/** How many there were, kept or not. */
export function missCount(handle, kept) {
  return Math.max(handle.near_miss_count ?? 0, handle.near_misses?.length ?? 0, handle.failures_dropped > 0 || handle.attempts > 0 ? handle.attempts : 0, kept.length);
}

function flat(failure) {
  if (failure.children?.length > 0) {
    return failure.children.flatMap(flat);
  }
  return [failure];
}

/** The places of a payload that differ, for marking them in the tree. */
export function marks(differences) {
  return new Map(differences.map((difference) => [String(difference.path).replace(/^<root>$/, "").replace(/\.(\d+)(?=\.|\[|$)/g, "[$1]"), `mark-${difference.kind === "missing" ? "missing" : "wrong"}`]));
}

/** What was expected there, as text and whether it is a description instead of a value. */
export function expectedOf(difference) {
  if (difference.expectedText !== undefined) return { text: difference.expectedText };
  return { value: difference.expected };
}

/** What came. */
export function actualOf(difference) {
  if (difference.actualText !== undefined) return { text: difference.actualText };
  if (difference.kind === "missing") return { missing: true };
  return { value: difference.actual };
}
