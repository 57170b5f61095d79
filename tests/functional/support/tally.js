'use strict';
// Runs tests, each with a limit, and counts. (node --test prints its counts differently from one Node version to the next.)

class Tally {
  passed = 0;
  failed = 0;

  /** @param note  more about a failure, asked for when there is one */
  async run(name, limitMs, work, note = () => '') {
    const since = Date.now();
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${limitMs} ms`)), limitMs);
    });
    try {
      await Promise.race([work(), late]);
      this.passed += 1;
      console.log(`ok    ${name} (${Date.now() - since} ms)`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAIL  ${name} (${Date.now() - since} ms)\n      ${error && error.stack ? error.stack : JSON.stringify(error)}${note()}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The closing line, and the end of the process. */
  close() {
    console.log(`${this.passed} passed, ${this.failed} failed, 0 skipped`);
    process.exit(this.failed === 0 && this.passed > 0 ? 0 : 1);
  }
}

module.exports = { Tally };
