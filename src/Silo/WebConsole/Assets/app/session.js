// Who looks at the console. The key lives as long as the tab and is in no address, cookie or disk of ours.
const KeyName = 'latentdb.key';
const Roles = ['reader', 'writer', 'admin', 'operator'];

let key = readKey();
let me = null;

/** What the server says of the caller: tenant, role, key_id, expires_at; null before it was asked. */
export const whoami = () => me;

export const currentKey = () => key;

/** True when a key came with the requests; a server without keys needs none. */
export const hasKey = () => key !== null;

export const can = (role) => me !== null && Roles.indexOf(me.role) >= Roles.indexOf(role);

export function remember(newKey) {
  key = newKey;
  try {
    sessionStorage.setItem(KeyName, newKey);
  } catch {
    // A browser that keeps nothing asks again after a reload.
  }
}

export function identify(answer) {
  me = answer;
}

export function forget() {
  key = null;
  me = null;
  try {
    sessionStorage.removeItem(KeyName);
  } catch {
    // Then there is nothing to remove.
  }
}

function readKey() {
  try {
    return sessionStorage.getItem(KeyName);
  } catch {
    return null;
  }
}
