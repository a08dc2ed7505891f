() => {
  const visible = e => { const b = e.getBoundingClientRect(), s = getComputedStyle(e); return b.width > 1 && b.height > 1 && s.visibility !== 'hidden' && !e.closest('.unseen, .skip'); };
  const colour = text => { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const ground = e => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) layers.unshift(colour(getComputedStyle(at).backgroundColor));
    return layers.reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
  const label = e => `${e.tagName} ${(e.innerText || e.name || e.id || '').trim().slice(0, 12)}`;

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = new Set();
  while (walker.nextNode()) if (walker.currentNode.data.trim() && visible(walker.currentNode.parentElement)) texts.add(walker.currentNode.parentElement);
  const poor = [], sizes = [];
  for (const e of texts) {
    const style = getComputedStyle(e), back = ground(e), found = ratio(over(colour(style.color), back), back);
    sizes.push(parseFloat(style.fontSize));
    if (found < 4.5) poor.push(`${label(e)} ${found.toFixed(2)}`);
  }
  const controls = [...document.querySelectorAll('a[href], button, summary, textarea, input:not([type=hidden])')].filter(visible);
  const small = controls.filter(e => { const b = e.getBoundingClientRect(); return b.width < 59.5 || b.height < 59.5; });
  const name = e => e.getAttribute('aria-label') || (e.labels && [...e.labels].map(l => l.innerText).join('')) || e.innerText || '';
  return {
    texts: texts.size, smallest_px: Math.min(...sizes), poor_contrast: poor,
    small_targets: small.map(e => `${label(e)} ${JSON.stringify(e.getBoundingClientRect())}`),
    nameless: controls.filter(e => !name(e).trim()).map(label),
    headings: [...document.querySelectorAll('h1, h2, h3')].filter(visible).map(e => +e.tagName[1]).slice(0, 2),
    width: document.documentElement.scrollWidth,
  };
}
