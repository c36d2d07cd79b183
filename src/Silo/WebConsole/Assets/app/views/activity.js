// How the server is doing right now, and what the tenant uses of what it may use.
import { get, send } from '../api.js';
import { h, replace } from '../dom.js';
import { bytes, count, milliseconds, plural, short } from '../format.js';
import { can, whoami } from '../session.js';
import { sparkline } from '../parts/chart.js';
import { parseMetrics, quantile, rate, sum } from '../prometheus.js';

const PeriodMilliseconds = 2000;

/** Five minutes. */
const Kept = 150;

/** The width of a chart that has just begun: a minute. */
const LeastShown = 30;

const Requests = 'http_server_request_duration_seconds';
const isApi = ({ labels }) => (labels.http_route ?? '').startsWith('/v1') || (labels.http_route ?? '').startsWith('v1');

const Charts = [
  { title: 'Requests', unit: '/s', show: (n) => (n < 10 ? n.toFixed(1) : count(n)), read: ({ before, after, seconds }) => rate(before, after, seconds, `${Requests}_count`, isApi) },
  { title: 'Latency, 95th percentile', unit: '', show: (n) => milliseconds(n), read: ({ before, after }) => times1000(quantile(before, after, Requests, 0.95, isApi)) },
  { title: 'Tokens', unit: '/s', show: (n) => short(Math.round(n)), read: ({ before, after, seconds }) => rate(before, after, seconds, 'latentdb_model_tokens_total') },
  { title: 'Rows in memory', unit: '', show: bytes, read: ({ after }) => sum(after, 'latentdb_pager_resident_bytes') },
];

const times1000 = (seconds) => (seconds === null ? null : seconds * 1000);

export async function activityView() {
  const charts = h('div', { class: 'tiles' });
  const usage = h('div', { class: 'section' });
  const store = h('div', { class: 'section' });
  const note = h('p', { class: 'lead' });
  const series = Charts.map(() => []);
  let last = null;
  let timer = null;
  let isOver = false;
  const parts = [measure, showUsage, can('operator') && showStore].filter(Boolean).map((read) => ({ read, isOff: false }));
  await tick();
  return {
    element: h('div', { class: 'page' }, h('div', { class: 'page-head' }, h('h1', null, 'Activity')), note, charts, usage, store),
    title: 'Activity',
    dispose() {
      isOver = true;
      clearTimeout(timer);
    },
  };

  async function tick() {
    if (document.visibilityState === 'visible') await Promise.all(parts.map(run));
    if (!isOver) timer = setTimeout(tick, PeriodMilliseconds);
  }

  /** What the server does not have, or not for this caller, is not asked for again. */
  async function run(part) {
    if (part.isOff) return;
    try {
      await part.read();
    } catch (error) {
      part.isOff = error.status === 403 || error.status === 404;
      if (part.read !== measure) return;
      replace(note, error.status === 403 ? 'Charts of the whole server are for operators. What your tenant uses is below.'
        : error.status === 404 ? 'This server exposes no metrics.' : 'The server does not answer; the charts go on when it does.');
      if (!part.isOff) series.forEach((values) => values.push(null));
    }
  }

  async function measure() {
    const after = parseMetrics(await (await send('GET', '/metrics')).text());
    const now = performance.now();
    if (last) {
      const step = { before: last.samples, after, seconds: (now - last.at) / 1000 };
      Charts.forEach((chart, i) => series[i].push(chart.read(step)));
    }
    last = { samples: after, at: now };
    replace(note, 'The last five minutes of the whole server, measured every two seconds while this page is open.');
    draw();
  }

  function draw() {
    for (const values of series) values.splice(0, Math.max(0, values.length - Kept));
    replace(charts, Charts.map((chart, i) => {
      const value = series[i].findLast((v) => v !== null) ?? null;
      return h('section', { class: 'tile', 'aria-label': chart.title },
        h('h2', { class: 'tile-label' }, chart.title),
        h('p', { class: 'tile-value' }, value === null ? '–' : [chart.show(value), h('small', null, ` ${chart.unit}`)]),
        sparkline(series[i], Math.max(LeastShown, series[i].length)));
    }));
  }

  async function showUsage() {
    const answer = await get('/v1/usage');
    replace(usage, h('h2', null, `Usage of ${whoami().tenant}`), h('div', { class: 'tiles' }, usageTiles(answer)));
  }

  async function showStore() {
    const stats = await get('/v1/admin/store/stats');
    replace(store, h('h2', null, 'Store'), h('div', { class: 'tiles' },
      tile('Memories', count(stats.memories), `${plural(stats.shards, 'shard')}`),
      tile('Needed', bytes(stats.live_bytes), `${bytes(stats.file_bytes)} in files, ${stats.amplification.toFixed(2)} bytes for each that is needed`),
      tile('Free on disk', bytes(stats.free_disk_bytes), stats.failure ?? 'Writes are taken')));
  }
}

const tile = (label, value, below) => h('section', { class: 'tile' }, h('h3', { class: 'tile-label' }, label), h('p', { class: 'tile-value' }, value), h('p', { class: 'tile-note' }, below));

/** Stocks show what is used; rates, of which nothing is counted without a limit, are shown only where there is one. */
function usageTiles(answer) {
  const rates = [['requests_per_minute', 'Requests a minute'], ['injects_per_minute', 'Injects a minute'], ['tokens_per_minute', 'Tokens a minute']];
  return [
    amount('Memories', answer.memories, count),
    amount('Stored', answer.bytes, bytes),
    amount('Requests that use the model now', answer.concurrent_generations, count),
    rates.filter(([name]) => answer[name].limit).map(([name, title]) => amount(title, answer[name], count)),
  ];
}

function amount(label, { used, limit, left }, show) {
  if (!limit) return tile(label, show(used), 'No limit');
  const taken = limit - left;
  const fill = h('i');
  fill.style.width = `${Math.min(100, (100 * taken) / limit)}%`;
  const element = tile(label, [show(taken), h('small', null, ` of ${show(limit)}`)], left === 0 ? 'Nothing left' : `${show(left)} left`);
  element.append(h('div', { class: left === 0 ? 'meter full' : 'meter', 'aria-hidden': 'true' }, fill));
  return element;
}
