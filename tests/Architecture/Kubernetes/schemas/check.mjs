// node check.mjs FILE... : writes each object that does not have the type that Kubernetes publishes for it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

const modules = {
  'v1': 'core/v1', 'apps/v1': 'apps/v1', 'batch/v1': 'batch/v1', 'policy/v1': 'policy/v1',
  'autoscaling/v2': 'autoscaling/v2', 'networking.k8s.io/v1': 'networking/v1',
};

// Literals, so that the compiler also refuses fields that the type does not have.
const source = process.argv.slice(2)
  .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS()))
  .map((object, i) => `const o${i}: import('kubernetes-types/${modules[object.apiVersion] ?? object.apiVersion}').${object.kind} = ${JSON.stringify(object, null, 1)};\n`)
  .join('');

const options = { strict: true, noEmit: true, types: [], moduleResolution: ts.ModuleResolutionKind.Node10 };
const name = join(dirname(fileURLToPath(import.meta.url)), 'manifests.ts');
const host = ts.createCompilerHost(options);
const read = host.getSourceFile.bind(host);
host.getSourceFile = (file, ...more) => (file === name ? ts.createSourceFile(file, source, ts.ScriptTarget.Latest) : read(file, ...more));

for (const found of ts.getPreEmitDiagnostics(ts.createProgram([name], options, host))) {
  const text = ts.flattenDiagnosticMessageText(found.messageText, ' ');
  console.log(text, found.file?.fileName === name ? source.slice(Math.max(0, found.start - 200), found.start + 100) : found.file?.fileName);
}
