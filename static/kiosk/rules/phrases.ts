/** Words of this trade that the browser's dictionary does not know as words. */
const TERMS = /(有限公司|分公司|法定代表人|养老保险|医疗保险|外省市|异地就医|公积金|社保卡|参保|缴费|变更|设立|工作人员)/;
/** Signs and particles that belong to the word before them, and opening signs that belong to the next. */
const TRAILING = /^[的了吗呢吧们着过者，。、：；？！）」》”’－\s-]+$/u;
const LEADING = /[（「《“‘]$|^请$/u;

/** Cut a text where a line may end: between its words, and never before a particle or a closing sign. */
export function phrases(text: string): string[] {
  if (!/[\u3400-\u9fff]/.test(text)) return [text];
  const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
  const found: string[] = [];
  for (const piece of text.split(TERMS)) {
    const words = TERMS.test(piece) ? [piece] : Array.from(segmenter.segment(piece), (each) => each.segment);
    for (const word of words) {
      const previous = found.at(-1);
      if (previous !== undefined && (TRAILING.test(word) || LEADING.test(previous))) found[found.length - 1] = previous + word;
      else found.push(word);
    }
  }
  return found;
}
