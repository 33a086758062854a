(() => {
  const problems = [];
  const box = (element) => element.getBoundingClientRect();
  const apart = (a, b) => Math.abs(a - b) > 1.5;
  // Of a text, what is not cut off.
  const seen = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const [text, whole] = [range.getBoundingClientRect(), box(element)];
    return { name: element.textContent, left: Math.max(text.left, whole.left), right: Math.min(text.right, whole.right), top: text.top, bottom: text.bottom };
  };
  const look = (waterfall) => {
    const all = (selector) => [...waterfall.querySelectorAll(selector)];
    const scroller = box(waterfall.querySelector(".scroll-x"));
    const axis = box(waterfall.querySelector(".axis"));
    const at = `scrolled by ${waterfall.querySelector(".scroll-x").scrollLeft}`;
    for (const bars of all(".bands, .track").map(box)) {
      if (apart(bars.left, axis.left) || apart(bars.right, axis.right)) {
        problems.push(`the axis goes from ${axis.left} to ${axis.right}, bars from ${bars.left} to ${bars.right}, ${at}`);
      }
    }
    const bands = all(".band");
    const names = all(".band-name");
    if (names.length !== bands.length) problems.push(`${names.length} names of ${bands.length} bands`);
    names.forEach((name, i) => {
      if (apart(box(name).right, box(bands[i]).right)) problems.push(`“${name.textContent}” ends at ${box(name).right}, its band at ${box(bands[i]).right}, ${at}`);
    });
    const texts = all(".band-name, .tick").map(seen);
    texts.forEach((one, i) => texts.slice(i + 1).forEach((other) => {
      const beside = one.right <= other.left || other.right <= one.left || one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
      if (!beside) problems.push(`“${one.name}” and “${other.name}” are printed over each other`);
    }));
    const start = scroller.left - waterfall.querySelector(".scroll-x").scrollLeft;
    texts.filter((one) => one.left < start).forEach((one) => problems.push(`“${one.name}” begins out of reach`));
  };
  for (const waterfall of document.querySelectorAll("[data-mode=waterfall]")) {
    const scroller = waterfall.querySelector(".scroll-x");
    for (const left of [scroller.scrollWidth, 0]) {
      scroller.scrollLeft = left;
      look(waterfall);
    }
  }
  return problems;
})()
