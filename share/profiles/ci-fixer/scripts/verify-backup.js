#!/usr/bin/env node
// Proves that a backup can be restored, by holdfast: the file is read whole, compared with its checksum, and checked by SQLite.
//
// usage: node scripts/verify-backup.js --backup FILE

const say = (text) => console.log(`[Verify] ${text}`);
const complain = (text) => console.error(`[Verify] ${text}`);

async function main() {
  const { spawnSync } = await import('node:child_process');
  const path = await import('node:path');
  const root = path.resolve(path.dirname(process.argv[1]), '..');

  const [flag, file, more] = process.argv.slice(2);
  if (flag !== '--backup' || !file || more) {
    complain('Usage: node scripts/verify-backup.js --backup FILE');
    return 1;
  }
  const { existsSync } = await import('node:fs');
  if (!existsSync(file)) {
    complain(`Backup verification failed: there is no file ${path.resolve(file)}`);
    return 1;
  }
  say(`Verifying ${file}...`);
  const ran = spawnSync('holdfast', ['verify', path.resolve(file), '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (ran.error) {
    complain(`Fatal error: holdfast could not be started: ${ran.error.message}`);
    return 1;
  }
  let report;
  try {
    report = JSON.parse(ran.stdout);
  } catch {
    const line = ran.stderr.trim().split('\n').pop();
    let message = line;
    try { message = JSON.parse(line).error.message; } catch { /* as it is */ }
    complain(`Backup verification failed: ${message}`);
    return 1;
  }
  for (const found of report.files) {
    say(`Integrity check: ${found.check}`);
    for (const finding of found.findings) complain(finding);
    say(`SHA-256: ${found.sha256}${found.proven_by.length > 0 ? ` (agrees with ${found.proven_by.join(', ')})` : ''}`);
  }
  if (ran.status !== 0) {
    complain('Backup verification failed');
    return 1;
  }
  say('Backup verified successfully!');
  return 0;
}

main().then((code) => { process.exitCode = code; }, (error) => {
  complain(`Fatal error: ${error.message}`);
  process.exitCode = 1;
});
