// A chart as a file: the picture as it stands, or its table.

/** What makes a mark look as it does; a file has no style sheet to say so. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
];
const TITLE_H = 28;

/** The picture with its title on paper of its own, readable without the window. */
export function svgText(chart: SVGSVGElement, title: string): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [from, to] = [chart, copy].map((one) => [one, ...one.querySelectorAll('*')]);
  to?.forEach((element, at) => {
    const source = from?.[at];
    if (!source) return;
    const seen = getComputedStyle(source);
    const style = STYLES.map((name) => `${name}:${seen.getPropertyValue(name)}`).join(';');
    element.setAttribute('style', style);
    for (const name of ['class', 'tabindex', 'aria-hidden']) element.removeAttribute(name);
  });
  const [width, height] = [chart.clientWidth, chart.clientHeight];
  const root = getComputedStyle(document.documentElement);
  const [paper, ink] = ['--paper', '--ink'].map((name) => root.getPropertyValue(name).trim());
  const inner = new XMLSerializer().serializeToString(copy);
  const escaped = title.replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + TITLE_H}">`,
    `<rect width="100%" height="100%" fill="${paper}"/>`,
    `<text x="8" y="18" font-family="Inter, sans-serif" font-size="13" font-weight="600" fill="${ink}">${escaped}</text>`,
    `<g transform="translate(0 ${TITLE_H})">${inner}</g></svg>`,
  ].join('');
}

/** The same picture as pixels, twice as fine as the screen. */
export async function pngBytes(svg: string): Promise<number[]> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width * 2, image.height * 2];
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error('The picture could not be drawn. Take the SVG instead.');
  return [...new Uint8Array(await blob.arrayBuffer())];
}

/** A table as RFC 4180 has it. */
export const csvText = (heads: string[], rows: string[][]) =>
  [heads, ...rows]
    .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\r\n')
    .concat('\r\n');

export const bytes = (text: string) => [...new TextEncoder().encode(text)];
