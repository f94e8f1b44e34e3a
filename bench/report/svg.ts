import { WORKS, type WorkName } from '../work/documents.ts';
import { rowAt, type Results } from './results.ts';
import { ratio } from './table.ts';

const WIDTH = 960;
/** Room for a letter of a label: a little more than a letter of that size takes on average. */
const LETTER_WIDTH = 7;
const VALUES_WIDTH = 60;
const BAR_HEIGHT = 16;
const BAR_STEP = 22;
const PANEL_HEAD = 44;
const FOOT = 40;
const COLOURS = { ours: '#0b6e4f', floor: '#6b7280', peer: '#c9a227' } as const;

/** A chart of × floor at 32 connections, a panel for each work, longer is faster. The line is the hand-written floor. */
export function renderSvg(results: Results, works: readonly WorkName[]): string {
  const shown = results.targets.filter(({ name }) => works.some((work) => rowAt(results, name, work, 32)));
  const panelHeight = PANEL_HEAD + shown.length * BAR_STEP;
  const height = works.length * panelHeight + FOOT;
  const panels = works.map((work, index) => panel(results, shown, work, index * panelHeight));
  const { machine, date, commit } = results;
  const foot = `Times the hand-written floor at 32 connections. ${date.slice(0, 10)}, ${commit}, ${machine.cpu}, Node ${machine.node.slice(1)}.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="Requests per second of each gateway as a multiple of the hand-written floor">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${panels.join('\n')}
<text x="16" y="${height - 14}" fill="#4b5563" font-size="11">${escape(foot)}</text>
</svg>
`;
}

function panel(results: Results, shown: Results['targets'], work: WorkName, top: number): string {
  const labels = 24 + LETTER_WIDTH * Math.max(0, ...shown.map(({ title }) => title.length));
  const values = shown.map(({ name }) => rowAt(results, name, work, 32)?.timesFloor ?? 0);
  const scale = (WIDTH - labels - VALUES_WIDTH) / Math.max(1, ...values);
  const bars = shown.map(({ name, title }, index) => {
    const value = values[index] ?? 0;
    const y = top + PANEL_HEAD + index * BAR_STEP;
    const width = (value * scale).toFixed(1);
    return `<text x="${labels - 8}" y="${y + 13}" text-anchor="end" fill="#111827">${escape(title)}</text>
<rect x="${labels}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${colourOf(name)}"/>
<text x="${(labels + value * scale + 6).toFixed(1)}" y="${y + 13}" fill="#111827">${value === 0 ? 'not measured' : ratio(value)}</text>`;
  });
  const floorAt = (labels + scale).toFixed(1);
  const bottom = top + PANEL_HEAD + shown.length * BAR_STEP - (BAR_STEP - BAR_HEIGHT);
  return `<text x="16" y="${top + 28}" font-size="15" font-weight="600" fill="#111827">${escape(WORKS[work].title)}</text>
${bars.join('\n')}
<line x1="${floorAt}" x2="${floorAt}" y1="${top + PANEL_HEAD - 6}" y2="${bottom + 4}" stroke="#374151" stroke-dasharray="4 3"/>`;
}

function colourOf(target: string): string {
  if (target === 'floor') return COLOURS.floor;
  return target.startsWith('ours-') ? COLOURS.ours : COLOURS.peer;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
