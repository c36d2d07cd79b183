// Which versions the content of a version is made of. A rollback takes up an older line, so what was written in between is no part of it.

/**
 * Walks from a version down through the writes that it contains.
 * @param {Map<number, object>} versions Those that are known; the walk ends where they end.
 * @returns {Set<number>} Numbers on the line, the version itself included.
 */
export function lineOf(versions, from) {
  const line = new Set();
  let version = versions.get(from);
  while (version && !line.has(version.version)) {
    line.add(version.version);
    version = versions.get(version.restored_from ?? version.parent);
  }
  return line;
}

/** The version on the line that made a write (a chunk, counted from 1), or null: the model's own rows, or a version that is not loaded. */
export function writerOf(versions, from, write) {
  if (write < 1) return null;
  for (const number of lineOf(versions, from)) {
    const version = versions.get(number);
    if (version.chunks > 0 && write <= version.writes && write > version.writes - version.chunks) return version;
  }
  return null;
}

/** Rows of an answer by the version that wrote them, most rows first. */
export function rowsByVersion(versions, from, blocks) {
  const sums = new Map();
  for (const block of blocks) {
    const writer = block.write < 1 ? 'model' : writerOf(versions, from, block.write)?.version ?? 'older';
    sums.set(writer, (sums.get(writer) ?? 0) + block.rows);
  }
  return [...sums].map(([writer, rows]) => ({ writer, rows })).sort((a, b) => b.rows - a.rows);
}
