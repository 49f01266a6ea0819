/** What this machine computes on: its processor, and GPUs as nvidia-smi lists them. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeviceInfo } from '#src/contracts/runtime.ts'

const query = ['--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu', '--format=csv,noheader,nounits']
const freshMs = 10_000
const limitMs = 5_000
const mib = 1024 * 1024

/** Asks nvidia-smi at most every ten seconds. Only the first question waits for it: after that the last answer is given meanwhile. */
export class Devices {
  #gpus: DeviceInfo[] = []
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #isKnown = false

  async list(): Promise<DeviceInfo[]> {
    if (!this.#asking && performance.now() - this.#askedAt >= freshMs) this.#ask()
    // A driver that hangs does not let go even of a program that was killed.
    if (!this.#isKnown) await Promise.race([this.#asking, sleep(limitMs, undefined, { ref: false })])
    return [processor(), ...this.#gpus]
  }

  async gpus(): Promise<DeviceInfo[]> {
    return (await this.list()).filter(({ kind }) => kind === 'cuda')
  }

  #ask(): void {
    this.#askedAt = performance.now()
    this.#asking = askForGpus().then((gpus) => {
      this.#gpus = gpus
      this.#isKnown = true
      this.#asking = undefined
    })
  }
}

/** Of this process. */
export const devices = new Devices()

function processor(): DeviceInfo {
  const load = Math.min(1, Math.max(0, (loadavg()[0] ?? 0) / availableParallelism()))
  const name = (cpus()[0]?.model.trim() || arch()).slice(0, 200)
  return { kind: 'cpu', index: 0, name, memory_bytes: totalmem(), load }
}

/** None where there is no nvidia-smi, or where it fails. */
function askForGpus(): Promise<DeviceInfo[]> {
  return new Promise((resolve) => {
    execFile('nvidia-smi', query, { timeout: limitMs, killSignal: 'SIGKILL' }, (error, output) =>
      resolve(error ? [] : output.split('\n').flatMap(readLine).filter(isVisible)),
    )
  })
}

/** A name may hold commas; the figures behind it are numbers in MiB and percent, or words in brackets where there are none. */
function readLine(line: string): DeviceInfo[] {
  const parts = line.split(',').map((part) => part.trim())
  if (parts.length < 6 || !/^\d+$/.test(parts[0] ?? '')) return []
  const [index, uuid = ''] = parts
  const [memory, used, load] = parts.slice(-3).map((part) => (/^\d+$/.test(part) ? Number(part) : undefined))
  const device: DeviceInfo = {
    kind: 'cuda',
    index: Number(index),
    name: parts.slice(2, -3).join(', ').slice(0, 200),
    uuid: uuid.slice(0, 100),
  }
  if (memory !== undefined) device.memory_bytes = memory * mib
  if (used !== undefined) device.memory_used_bytes = used * mib
  if (load !== undefined) device.load = Math.min(1, load / 100)
  return [device]
}

/** CUDA_VISIBLE_DEVICES names those that this runtime may use, by index or UUID; all where it is not set. */
function isVisible({ index, uuid = '' }: DeviceInfo): boolean {
  const wished = process.env.CUDA_VISIBLE_DEVICES
  if (wished === undefined) return true
  return wished
    .split(',')
    .map((one) => one.trim())
    .some((one) => one === String(index) || (one.startsWith('GPU-') && uuid.startsWith(one)))
}

/** The engine's package brings the library for the processor; the one for CUDA is a download of its own, which this program leaves out. */
function hasCudaProvider(): boolean {
  try {
    const bin = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')), 'bin')
    return readdirSync(bin).some((abi) => existsSync(join(bin, abi, process.platform, process.arch, 'libonnxruntime_providers_cuda.so')))
  } catch {
    return false
  }
}

/** Why a deployment for CUDA is not served here, in sentences. */
export async function whyNoCuda(): Promise<string> {
  const [gpu] = await devices.gpus()
  const remedy = 'Deploy with device "auto" or "cpu": this inference runtime serves on the processor.'
  if (!gpu) return `The machine of this inference runtime has no GPU: nvidia-smi lists none. ${remedy}`
  const lack = hasCudaProvider() ? 'does not use its CUDA provider' : 'has no CUDA provider'
  return `There is a GPU here (${gpu.name}), but this build of the inference runtime ${lack}: inference on CUDA is untested. ${remedy}`
}
