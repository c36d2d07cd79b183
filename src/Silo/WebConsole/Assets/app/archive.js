// What an archive is sealed or opened with, on its way to the server.

/** Headers hold no letters beyond ASCII, so the passphrase travels as base64 of its UTF-8, between colons. */
export function passphraseHeader(passphrase) {
  if (passphrase === '') return {};
  const binary = String.fromCharCode(...new TextEncoder().encode(passphrase));
  return { 'X-Archive-Passphrase': `:${btoa(binary)}:` };
}
