// Builds the API server and helm before any test runs beside it. Tests would do it too, but with little time left for the others.
import { buildHelm } from '../chart/helm.ts'
import { API_SERVER_PROGRAMS, kubernetes } from './cluster/binaries.ts'

console.log(`API server: ${(await kubernetes(API_SERVER_PROGRAMS))('kube-apiserver')}`)
console.log(`helm: ${await buildHelm()}`)
