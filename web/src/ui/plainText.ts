/** A message's marks mean nothing on one grey line. */
export function plainText(content: string): string {
  return content
    .replace(/```\w*\n?/g, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(?<!\w)[*_~`>#]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 160);
}
