#!/usr/bin/env node
// Backs up agent.db, the Prisma schema and the application's version, by holdfast. What is kept, where and for how long stands in
// holdfast.toml.
//
// usage: node scripts/backup-database.js [--output DIRECTORY] [--compress]

const say = (text) => console.log(`[Backup] ${text}`);
const complain = (text) => console.error(`[Backup] ${text}`);

async function main() {
  const { spawnSync } = await import('node:child_process');
  const { readFileSync } = await import('node:fs');
  const path = await import('node:path');
  const root = path.resolve(path.dirname(process.argv[1]), '..');

  const words = ['backup', '--kind', 'automatic', '--json'];
  const given = process.argv.slice(2);
  for (let at = 0; at < given.length; ++at) {
    if (given[at] === '--output' && given[at + 1]) words.push('--output', path.resolve(given[++at]));
    else if (given[at] === '--compress') words.push('--compress', 'gzip');
    else {
      complain(`Fatal error: unknown argument ${given[at]}`);
      complain('Usage: node scripts/backup-database.js [--output DIRECTORY] [--compress]');
      return 1;
    }
  }
  try {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    if (version) words.push('--tag', `version=${version}`);
  } catch { /* without one, the backup tells none */ }

  say('Starting database backup...');
  const ran = spawnSync('holdfast', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
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
    try {
      const { error } = JSON.parse(line);
      message = `${error.message}${error.advice ? ` (try: ${error.advice})` : ''}`;
    } catch { /* as it is */ }
    complain(`Fatal error: ${message}`);
    return 1;
  }
  for (const source of report.sources) {
    const backup = source.backup;
    const lost = backup?.databases.find((database) => database.error);
    const missing = source.error_code === 'not_found' && source.error.match(/^there is no (.*)$/);
    if (missing) complain(`Error: Database file not found at ${missing[1]}`);
    else if (!backup) complain(`Fatal error: ${source.error}${source.advice ? ` (try: ${source.advice})` : ''}`);
    else if (lost) complain(`Fatal error: ${lost.path}: ${lost.error}`);
    else tell(backup, path);
  }
  if (report.exit_code !== 0) {
    complain('Fatal error: the backup failed, or is not whole: see holdfast status');
    return 1;
  }
  say('All done!');
  return 0;
}

function tell(backup, path) {
  for (const database of backup.databases) say(`Source: ${database.path}`);
  for (const copy of backup.plain_copies) {
    say(`Destination: ${copy.path}`);
    if (copy.error) {
      complain(`Fatal error: ${copy.error}`);
      continue;
    }
    say(copy.written ? 'Backup completed successfully!' : 'Nothing has changed since this backup: it is confirmed');
    say(`Size: ${(copy.bytes / 1024 / 1024).toFixed(2)} MB`);
    say(`Location: ${copy.path}`);
    say(`Metadata saved: ${path.join(path.dirname(copy.path), 'agent.db.meta.json')}`);
  }
  if (backup.plain_copies_removed.length > 0) say(`Cleaning up ${backup.plain_copies_removed.length} old backup(s)...`);
  for (const removed of backup.plain_copies_removed) say(`Deleted: ${path.basename(removed)}`);
  for (const warning of backup.warnings) complain(`Note: ${warning}`);
}

main().then((code) => { process.exitCode = code; }, (error) => {
  complain(`Fatal error: ${error.message}`);
  process.exitCode = 1;
});
