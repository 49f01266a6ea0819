import { asAdmin } from '../cluster.ts'

const models = 4_000
const longLine = 2_000

/**
 * Fills a migrated database with 10,000 versions: 4,000 models with two each, one model with 2,000 more.
 * @returns ids of a few models, spread over all of them.
 */
export function seedRegistry(url: string): Promise<string[]> {
  return asAdmin(url, async (client) => {
    await client.query(
      `insert into models (id, project_id, name, description, tags, metadata, latest_version, last_version, status, metrics)
       select gen_random_uuid(), p.id, 'model-' || n, 'Number ' || n, jsonb_build_object('team', 't' || n % 40, 'stage', (array['dev', 'prod'])[1 + n % 2]),
         jsonb_build_object('data', jsonb_build_object('set', 'd' || n % 100)), case when n = 1 then $2::int + 2 else 2 end, case when n = 1 then $2::int + 2 else 2 end, 'ready', jsonb_build_object('accuracy', (n % 1000) / 1000.0)
       from projects p, generate_series(1, $1::int) n where p.name = 'default'`,
      [models, longLine],
    )
    await client.query(
      `insert into model_versions (id, project_id, model_id, version, status, lineage)
       select gen_random_uuid(), m.project_id, m.id, v, 'ready', '{"source": "upload"}' from models m, lateral generate_series(1, m.latest_version) v`,
    )
    await client.query(
      `insert into model_facts (project_id, model_id, kind, key, text, number)
       select m.project_id, m.id, 'tags', t.key, t.value, null::float8 from models m, jsonb_each_text(m.tags) t
       union all select m.project_id, m.id, 'metadata', 'data.set', m.metadata->'data'->>'set', null from models m
       union all select m.project_id, m.id, 'metrics', 'accuracy', m.metrics->>'accuracy', (m.metrics->>'accuracy')::float8 from models m`,
    )
    await client.query('vacuum analyze')
    const { rows } = await client.query<{ id: string }>('select id from models order by id limit 50')
    return rows.map((row) => row.id)
  })
}
