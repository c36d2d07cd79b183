// Reads the Prometheus text format and asks it the few questions that the charts have.

/** @returns {Map<string, {labels: Record<string, string>, value: number}[]>} Samples by name. */
export function parseMetrics(text) {
  const samples = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!match) continue;
    const [, name, labels = '', value] = match;
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({ labels: parseLabels(labels), value: value === '+Inf' ? Infinity : Number(value) });
  }
  return samples;
}

/** Sum over all samples of a name, or of those that a test lets through; null when there are none. */
export function sum(samples, name, test = () => true) {
  const found = (samples.get(name) ?? []).filter(test);
  return found.length === 0 ? null : found.reduce((total, sample) => total + sample.value, 0);
}

/** What a counter gained per second. */
export function rate(before, after, seconds, name, test) {
  const [old, now] = [sum(before, name, test), sum(after, name, test)];
  return now === null || seconds <= 0 ? null : Math.max(0, now - (old ?? 0)) / seconds;
}

/** The quantile of what a histogram saw in between, by linear interpolation inside a bucket; null when it saw nothing. */
export function quantile(before, after, name, share, test = () => true) {
  const counts = new Map();
  for (const [samples, sign] of [[before, -1], [after, 1]]) {
    for (const { labels, value } of (samples.get(`${name}_bucket`) ?? []).filter(test)) {
      const bound = labels.le === '+Inf' ? Infinity : Number(labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + sign * value);
    }
  }
  const buckets = [...counts].sort((a, b) => a[0] - b[0]);
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  let [low, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= share * total) return bound === Infinity ? low : low + ((bound - low) * (share * total - below)) / Math.max(count - below, 1);
    [low, below] = [bound, count];
  }
  return low;
}

function parseLabels(text) {
  const labels = {};
  for (const [, name, value] of text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name] = value.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}
