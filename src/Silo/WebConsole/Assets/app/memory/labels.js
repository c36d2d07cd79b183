// What a version is called.
import { plural } from '../format.js';

export function causeOf(version) {
  switch (version.cause) {
    case 'create': return 'Created empty';
    case 'rollback': return `Rolled back to v${version.restored_from}`;
    case 'fork': return version.forked_from ? `Forked from ${version.forked_from.id} v${version.forked_from.version}` : 'Forked';
    case 'import': return 'Imported';
    default: return version.metadata?.source ? String(version.metadata.source) : 'Text added';
  }
}

export const sizeOf = (version) => (version.tokens > 0 ? plural(version.tokens, 'token') : '');
