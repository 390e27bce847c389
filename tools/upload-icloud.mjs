#!/usr/bin/env node
// upload_icloud, as the command of the system being replaced was called: `media-pipeline icloud upload`.
process.argv.splice(2, 0, 'icloud', 'upload');
await import('./media-pipeline.mjs');
