import { desiredDeployment, type DesiredDeployment, type ReplicaReport } from '#src/contracts/runtime.ts'
import { InferError } from './errors.ts'
import { log } from './log.ts'
import { Target, type TargetContext } from './target.ts'

/** A named endpoint with the versions behind it, and the old ones that serve until these are ready. */
export class Deployment {
  desired: DesiredDeployment
  readonly targets = new Map<string, Target>()
  readonly retiring = new Set<Target>()

  constructor(desired: DesiredDeployment) {
    this.desired = desired
  }

  /** Brings the targets to what is wanted; a failed one starts anew only when the deployment itself was changed. */
  update(desired: DesiredDeployment, context: TargetContext): void {
    const isChanged = JSON.stringify(desired) !== JSON.stringify(this.desired)
    this.desired = desired
    const wanted = new Set(desired.targets.map((target) => target.version_id))
    for (const [versionId, target] of this.targets) {
      if (wanted.has(versionId) && !(isChanged && target.isFailed)) continue
      this.targets.delete(versionId)
      this.retiring.add(target)
    }
    for (const target of desired.targets) this.#ensure(target, context)
    this.settle()
  }

  #ensure(wanted: DesiredDeployment['targets'][number], context: TargetContext): void {
    const known = this.targets.get(wanted.version_id)
    if (known) return known.update(this.desired)
    const returning = [...this.retiring].find((target) => target.desired.version_id === wanted.version_id && target.readyReplicas > 0)
    if (returning) {
      this.retiring.delete(returning)
      this.targets.set(wanted.version_id, returning)
      return returning.update(this.desired)
    }
    const target = new Target(wanted, { id: this.desired.deployment_id, name: this.desired.name }, this.desired, context)
    this.targets.set(wanted.version_id, target)
    void target.start()
  }

  /** Lets the old versions go as soon as the new ones carry the traffic. */
  settle(): void {
    if (this.retiring.size === 0) return
    const carrying = this.#weighted()
    const isCarried =
      carrying.some((target) => target.readyReplicas > 0) && carrying.every((target) => target.readyReplicas > 0 || target.isFailed)
    for (const target of this.retiring) {
      if (!isCarried && target.readyReplicas > 0) continue
      this.retiring.delete(target)
      void target.drain()
    }
  }

  #weighted(): Target[] {
    return this.desired.targets.filter((target) => target.weight > 0).flatMap((target) => this.targets.get(target.version_id) ?? [])
  }

  /**
   * Chooses a version by weight among those that are ready.
   * @throws InferError 404 for an unknown version, 503 while none is ready.
   */
  choose(version: string | undefined): Target {
    if (version !== undefined) return this.#chooseVersion(version)
    const ready = this.#weighted().filter((target) => target.readyReplicas > 0)
    if (ready.length > 0) return byWeight(ready, this.desired)
    for (const target of this.retiring) if (target.readyReplicas > 0) return target
    const reason = this.#weighted()[0]?.reason ?? 'No version carries its traffic.'
    throw new InferError(503, `"${this.desired.name}" is not ready: ${reason}`, 2)
  }

  #chooseVersion(version: string): Target {
    const known = [...this.targets.values(), ...this.retiring].filter((target) => String(target.desired.version) === version)
    const target = known.find((candidate) => candidate.readyReplicas > 0)
    if (target) return target
    if (known[0]) throw new InferError(503, `"${this.desired.name}" version ${version} is not ready: ${known[0].reason}`, 2)
    throw new InferError(404, `"${this.desired.name}" has no version "${version.slice(0, 40)}" here`)
  }

  all(): Target[] {
    return [...this.targets.values(), ...this.retiring]
  }
}

function byWeight(ready: readonly Target[], desired: DesiredDeployment): Target {
  if (ready.length === 1) return ready[0] as Target
  const weights = ready.map((target) => desired.targets.find((wanted) => wanted.version_id === target.desired.version_id)?.weight ?? 0)
  let draw = Math.random() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, target] of ready.entries()) {
    draw -= weights[index] ?? 0
    if (draw < 0) return target
  }
  return ready[0] as Target
}

/** All deployments of this runtime, by name, kept equal to the desired state. */
export class DeploymentRegistry {
  readonly #deployments = new Map<string, Deployment>()
  #byName = new Map<string, Deployment>()
  readonly #context: TargetContext
  readonly #leaving = new Set<Promise<void>>()

  constructor(context: Omit<TargetContext, 'onChange'> & { onChange: () => void }) {
    this.#context = {
      ...context,
      onChange: () => {
        for (const deployment of this.#deployments.values()) deployment.settle()
        context.onChange()
      },
    }
  }

  get names(): string[] {
    return [...this.#byName.keys()]
  }

  find(name: string): Deployment | undefined {
    return this.#byName.get(name)
  }

  /** Starts what is new, changes what is known, drains what is gone. */
  apply(desired: readonly DesiredDeployment[]): void {
    const wanted = new Set(desired.map((deployment) => deployment.deployment_id))
    for (const [id, deployment] of this.#deployments) {
      if (wanted.has(id)) continue
      this.#deployments.delete(id)
      this.#leave(deployment)
    }
    for (const deployment of desired) this.#ensure(desiredDeployment.parse(deployment))
    this.#byName = new Map([...this.#deployments.values()].map((deployment) => [deployment.desired.name, deployment]))
    this.#context.onChange()
  }

  #ensure(desired: DesiredDeployment): void {
    let deployment = this.#deployments.get(desired.deployment_id)
    if (!deployment) {
      deployment = new Deployment({ ...desired, targets: [] })
      this.#deployments.set(desired.deployment_id, deployment)
    }
    deployment.update(desired, this.#context)
  }

  #leave(deployment: Deployment): void {
    log('info', 'registry', `"${deployment.desired.name}" is undeployed`)
    const leaving = Promise.all(deployment.all().map((target) => target.drain())).then(() => {
      this.#leaving.delete(leaving)
    })
    this.#leaving.add(leaving)
  }

  /** Digests of all files that some version here may still need. */
  digests(): Set<string> {
    const targets = [...this.#deployments.values()].flatMap((deployment) => deployment.all())
    return new Set(targets.flatMap((target) => target.desired.files.map((file) => file.sha256)))
  }

  /** The state of every version here, the retiring ones that still serve included. */
  reports(): ReplicaReport[] {
    return [...this.#deployments.values()].flatMap((deployment) => [
      ...[...deployment.targets.values()].map((target) => target.report()),
      ...[...deployment.retiring].filter((target) => !deployment.targets.has(target.desired.version_id)).map((target) => target.report()),
    ])
  }

  get runningReplicas(): number {
    return this.reports().reduce((sum, report) => sum + report.ready_replicas, 0)
  }

  async drain(): Promise<void> {
    const targets = [...this.#deployments.values()].flatMap((deployment) => deployment.all())
    await Promise.all([...targets.map((target) => target.drain()), ...this.#leaving])
  }

  kill(): void {
    for (const deployment of this.#deployments.values()) for (const target of deployment.all()) target.kill()
  }
}
