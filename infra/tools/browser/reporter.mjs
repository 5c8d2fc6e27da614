// Reports the results of a file of tests as lines of JSON, which TestBrowser of infra/local/e2e reads.
export default async function * (events) {
  for await (const { type, data } of events) {
    if ((type === 'test:pass' || type === 'test:fail') && data.details.type !== 'suite') {
      const cause = data.details.error?.cause ?? data.details.error
      yield JSON.stringify({ name: data.name, passed: type === 'test:pass', skipped: Boolean(data.skip), ms: Math.round(data.details.duration_ms), error: cause && `${cause.message}\n${cause.stack?.split('\n').filter(line => line.startsWith('    at')).join('\n')}` }) + '\n'
    }
    if (type === 'test:diagnostic' && data.level === 'error') yield JSON.stringify({ name: 'file', passed: false, error: data.message }) + '\n'
  }
}
