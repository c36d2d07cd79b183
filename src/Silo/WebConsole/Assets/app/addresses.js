// Addresses of the console live behind the #, so that the server needs to know none of them and every link can be kept and sent.

export function memoryAddress(id, { version, tab, from } = {}) {
  const query = new URLSearchParams();
  if (version) query.set('v', version);
  if (tab) query.set('tab', tab);
  if (from) query.set('from', from);
  const text = query.toString();
  return `#/memories/${encodeURIComponent(id)}${text ? `?${text}` : ''}`;
}
