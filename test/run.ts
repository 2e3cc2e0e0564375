/**
 * `npm test`: makes sure that the real programs are here that the tests run (nginx from Debian, Deno from npm), runs
 * vitest and `deno test`, and closes with one line, `N passed, N failed`. Arguments go to vitest.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const node = process.execPath
const deno = "node_modules/.bin/deno"
const arguments_ = process.argv.slice(2)

const runs = (command: string, ...options: ReadonlyArray<string>): boolean =>
  spawnSync(command, options, { stdio: "ignore" }).status === 0

/** Where Debian puts nginx is not on every user's path. */
process.env["PATH"] = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`

/** As root, or as a user whom sudo asks for no password. */
const apt = (...options: ReadonlyArray<string>): boolean => {
  const [command, ...rest] = process.getuid?.() === 0 ? ["apt-get", ...options] : ["sudo", "-n", "apt-get", ...options]
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  return spawnSync(command!, rest, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0
}

/** The package also starts a server on port 80; when that fails it is no failed installation: the tests start their own. */
const installNginx = (): boolean => {
  console.error("test: nginx is missing; installing it from Debian …")
  const install = () => apt("install", "-y", "--no-install-recommends", "nginx-light") || runs("nginx", "-v")
  return install() || (apt("update", "-qq") && install())
}

if (!runs("nginx", "-v") && !installNginx()) {
  console.error("test: nginx is missing and cannot be installed by this user. Run: sudo apt-get install nginx-light")
  console.log("0 passed, 1 failed")
  process.exit(1)
}
if (!runs(deno, "--version")) {
  console.error("test: Deno is missing from node_modules. Run: npm rebuild deno")
  console.log("0 passed, 1 failed")
  process.exit(1)
}

const reports = mkdtempSync(join(tmpdir(), "testudo-test-"))
let passed = 0
let failed = 0

const vitestReport = join(reports, "vitest.json")
const vitest = spawnSync(
  node,
  [
    "--disable-warning=ExperimentalWarning",
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${vitestReport}`,
    ...arguments_
  ],
  { stdio: "inherit" }
)
try {
  const report = JSON.parse(readFileSync(vitestReport, "utf8")) as {
    numPassedTests: number
    numFailedTests: number
    numFailedTestSuites: number
  }
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A file that does not even load fails without a failed test in it.
  if (vitest.status !== 0 && report.numFailedTests === 0) failed += Math.max(1, report.numFailedTestSuites)
} catch {
  failed += 1
}

if (arguments_.length === 0) {
  const denoReport = join(reports, "deno.xml")
  const result = spawnSync(deno, ["task", "--quiet", "test", `--junit-path=${denoReport}`], { stdio: "inherit" })
  try {
    const suite = /<testsuites[^>]*\btests="(\d+)"[^>]*\bfailures="(\d+)"[^>]*\berrors="(\d+)"/.exec(
      readFileSync(denoReport, "utf8")
    )
    const [tests, failures, errors] = suite === null ? [0, 0, 1] : suite.slice(1).map(Number)
    const bad = failures! + errors!
    passed += Math.max(0, tests! - bad)
    failed += bad === 0 && (result.status !== 0 || tests === 0) ? 1 : bad
  } catch {
    failed += 1
  }
}

rmSync(reports, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
