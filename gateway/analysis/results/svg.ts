import { binLabel, columnLabel, notesIn, numberIn, WORDS, type Labels, type Language, type ResultCell, type ResultTable } from './model.ts';

/** Dimensions that a chart can show: rows, facets, colours. */
const CHART_DIMENSIONS_MAX = 3;
const WIDTH = 960;
const MARGIN_LEFT = 190;
const ROW_HEIGHT = 18;
const ROWS_MAX = 1_000;
const HEAD_HEIGHT = 40;
const LINE_HEIGHT = 16;
const LINE_LENGTH_MAX = 135;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * A bar chart of the counts as SVG, with title, description and notes in it: the first dimension by rows, the second side by side, the third by
 * rows within and by colour. What is redacted has no bar and says so. Rejects with a sentence where a table has more dimensions or rows than a
 * chart can show.
 */
export async function svgOf(result: ResultTable, language: Language, labels?: Labels): Promise<string> {
  const { dimensions, cells, snapshot } = result;
  const [first = '', second, third] = dimensions;
  const rows = distinct(cells, first).length * (third === undefined ? 1 : distinct(cells, third).length);
  if (dimensions.length > CHART_DIMENSIONS_MAX || rows > ROWS_MAX) {
    throw new Error(`A chart shows ${CHART_DIMENSIONS_MAX} dimensions and ${ROWS_MAX} rows at most. Take the table.`);
  }
  // Loaded when a chart is asked for: it takes a second of a gateway's start.
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  const { document } = parseHTML('<html><body></body></html>') as unknown as { readonly document: ChartDocument };
  const word = (dimension: string, cell: ResultCell): string => binLabel(dimension, String(cell[dimension]), labels, language);
  const words = (dimension: string): readonly string[] => [...new Set(cells.map((cell) => word(dimension, cell)))];
  const data = cells.map((cell) => ({
    row: word(first, cell),
    facet: second === undefined ? '' : word(second, cell),
    colour: third === undefined ? '' : word(third, cell),
    count: typeof cell['count'] === 'number' ? cell['count'] : 0,
    isRedacted: typeof cell['count'] !== 'number',
  }));
  const channels = {
    ...(third === undefined ? { y: 'row' } : { fy: 'row', y: 'colour', fill: 'colour' }),
    ...(second === undefined ? {} : { fx: 'facet' }),
  };
  const height = HEAD_HEIGHT + 40 + rows * ROW_HEIGHT;
  const chart = Plot.plot({
    document: document as never,
    width: WIDTH,
    height,
    marginLeft: MARGIN_LEFT,
    ...(third === undefined ? {} : { marginRight: MARGIN_LEFT }),
    x: { label: WORDS.count[language], grid: true, nice: true, tickFormat: (tick: number) => numberIn(tick, language) },
    y: { label: null, domain: [...words(third ?? first)] },
    ...(second === undefined ? {} : { fx: { label: columnLabel(second, labels, language), domain: [...words(second)] } }),
    ...(third === undefined
      ? {}
      : { fy: { label: columnLabel(first, labels, language), domain: [...words(first)] }, color: { domain: [...words(third)] } }),
    marks: [
      Plot.barX(data, { ...channels, x: 'count', fill: third === undefined ? '#3b6ea5' : 'colour' }),
      Plot.text(data, {
        ...channels,
        fill: '#666666',
        x: 0,
        filter: 'isRedacted',
        text: () => WORDS.redacted[language],
        textAnchor: 'start',
        dx: 4,
        fontSize: 9,
      }),
      Plot.ruleX([0]),
    ],
  }) as unknown as ChartElement;
  const title = labels === undefined ? result.analysis : labels.title[language];
  const lines = [`${WORDS.snapshot[language]} ${snapshot}`, ...notesIn(result, language)].flatMap(wrapped);
  return framed({ document, chart, height, title, lines, language });
}

/** As much of a document as charts are put together from; the types of browsers are not loaded. */
interface ChartDocument {
  createElementNS(namespace: string, name: string): ChartElement;
}
interface ChartElement {
  textContent: string;
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  append(...children: readonly ChartElement[]): void;
}

interface Frame {
  readonly document: ChartDocument;
  readonly chart: ChartElement;
  readonly height: number;
  readonly title: string;
  readonly lines: readonly string[];
  readonly language: Language;
}

/** The chart between its title and its notes, named and described for those who do not see it (WAI-ARIA Graphics Module 1.0). */
function framed({ document, chart, height, title, lines, language }: Frame): string {
  const element = (name: string, attributes: Readonly<Record<string, string | number>>, text?: string): ChartElement => {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const total = HEAD_HEIGHT + height + (lines.length + 1) * LINE_HEIGHT;
  const frame = element('svg', {
    xmlns: SVG,
    width: WIDTH,
    height: total,
    viewBox: `0 0 ${WIDTH} ${total}`,
    role: 'img',
    'aria-labelledby': 'title description',
    lang: language,
    'font-family': 'system-ui, sans-serif',
  });
  chart.setAttribute('y', String(HEAD_HEIGHT));
  // The library's own style sheet lets a chart take the height of its page.
  chart.setAttribute('style', `height: ${height}px; max-width: none`);
  frame.append(
    element('title', { id: 'title' }, title),
    element('desc', { id: 'description' }, lines.join(' ')),
    element('rect', { width: WIDTH, height: total, fill: '#ffffff' }),
    element('text', { x: 12, y: 26, 'font-size': 18 }, title),
    chart,
    ...lines.map((line, index) =>
      element('text', { x: 12, y: HEAD_HEIGHT + height + (index + 1) * LINE_HEIGHT, 'font-size': 12, fill: '#444444' }, line),
    ),
  );
  return `${frame.outerHTML}\n`;
}

function distinct(cells: readonly ResultCell[], dimension: string): readonly unknown[] {
  return [...new Set(cells.map((cell) => cell[dimension]))];
}

/** SVG breaks no lines of itself. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= LINE_LENGTH_MAX) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
