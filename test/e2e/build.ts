// Builds the API server before any test runs beside it. Tests would do it too, but with little time left for the others.
import { API_SERVER_PROGRAMS, kubernetes } from './cluster/binaries.ts'

console.log(`API server: ${(await kubernetes(API_SERVER_PROGRAMS))('kube-apiserver')}`)
