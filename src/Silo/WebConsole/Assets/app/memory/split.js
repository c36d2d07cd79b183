// Parts of a text that fit into one request. A body may have 1 MiB; JSON can double a text, and a letter can have three bytes.
const MaxLetters = 160 * 1024;

/** Cuts at the ends of paragraphs where there are any, else at line ends, else at blanks. */
export function splitText(text, maxLetters = MaxLetters) {
  const parts = [];
  let rest = text;
  while (rest.length > maxLetters) {
    const cut = cutOf(rest, maxLetters);
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  if (rest.trim() !== '') parts.push(rest);
  return parts.filter((part) => part.trim() !== '');
}

function cutOf(text, maxLetters) {
  for (const end of ['\n\n', '\n', ' ']) {
    const at = text.lastIndexOf(end, maxLetters - end.length);
    if (at > maxLetters / 4) return at + end.length;
  }
  const isHalfPair = /[\uD800-\uDBFF]/.test(text[maxLetters - 1]);
  return isHalfPair ? maxLetters - 1 : maxLetters;
}
