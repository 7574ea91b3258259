// The one image of all test pods and sandboxes: Kubernetes' agnhost, behind a front that speaks SCTP where the kernel does not.
import { join } from 'node:path'
import { goBuild, runTool } from './binaries.ts'

/** Of every pod's sandbox. */
export const PAUSE_IMAGE = 'localhost/pause'
const FRONT = 'agnhost-front'
/** By these names the upstream suites ask for agnhost, and checks of our own. */
const AGNHOST_IMAGES = [
  ...['2.56', '2.53', '2.45'].map((version) => `registry.k8s.io/e2e-test-images/agnhost:${version}`), 'localhost/agnhost',
]

/** Builds the front. @returns the program */
export async function buildFront(folder: string): Promise<string> {
  const program = join(folder, FRONT)
  await goBuild(FRONT, program)
  return program
}

/** @param agnhost the program @returns the archive of the image, in the folder */
export async function agnhostImage(folder: string, agnhost: string): Promise<string> {
  const archive = join(folder, 'agnhost.tar')
  const front = await buildFront(folder)
  const programs = [`agnhost=${front}`, `agnhost-upstream=${agnhost}`, `bin/bash=${front}`]
  await runTool('one-layer-image.sh', archive, programs.join(), [PAUSE_IMAGE, ...AGNHOST_IMAGES].join(), 'pause')
  return archive
}
