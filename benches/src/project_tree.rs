//! A TypeScript project of any size, for tools that read projects: modules that import types, values and barrels.

use std::fmt::Write as _;

/// Modules a folder.
const FOLDER: usize = 20;

/// Returns the files of a project with that many modules, as path and text. A type checker finds nothing wrong with it.
#[must_use]
pub fn project_tree(modules: usize) -> Vec<(String, String)> {
    let configuration = r#"{
  "compilerOptions": {
    "target": "ES2022",
    "module": "ESNext",
    "moduleResolution": "bundler",
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "types": [],
    "lib": ["ES2022", "DOM"],
    "paths": { "@/*": ["./src/*"] }
  },
  "include": ["src"]
}
"#;
    let manifest = "{ \"name\": \"tree\", \"private\": true, \"main\": \"src/index.ts\" }\n";
    let mut files =
        vec![("package.json".to_owned(), manifest.to_owned()), ("tsconfig.json".to_owned(), configuration.to_owned())];
    let mut entry = String::new();
    for folder in 0..modules.div_ceil(FOLDER) {
        let numbers = folder * FOLDER..modules.min((folder + 1) * FOLDER);
        let mut barrel = String::new();
        for number in numbers {
            let _ = writeln!(barrel, "export * from './record{number}';");
            files.push((format!("src/part{folder}/record{number}.ts"), module(number)));
        }
        files.push((format!("src/part{folder}/index.ts"), barrel));
        let _ = writeln!(entry, "export * from '@/part{folder}';");
    }
    files.push(("src/index.ts".to_owned(), entry));
    files
}

/// The path of a module.
#[must_use]
pub fn module_path(number: usize) -> String {
    format!("src/part{}/record{number}.ts", number / FOLDER)
}

/// A module that uses the two before it, one by its path and one by an alias.
fn module(number: usize) -> String {
    let mut text = String::new();
    let earlier: Vec<usize> = [1, 7].iter().filter_map(|back| number.checked_sub(*back)).collect();
    for other in &earlier {
        let folder = other / FOLDER;
        let path = if folder == number / FOLDER {
            format!("./record{other}")
        } else {
            format!("@/part{folder}/record{other}")
        };
        let _ = writeln!(text, "import {{ describeRecord{other}, type Record{other} }} from '{path}';");
    }
    let _ = write!(
        text,
        "
/** What a record of this kind holds. */
export interface Record{number} {{
  readonly id: string;
  readonly title: string;
  readonly createdAt: Date;
  readonly labels: readonly string[];
  readonly parts: ReadonlyMap<string, number>;
"
    );
    for other in &earlier {
        let _ = writeln!(text, "  readonly related{other}?: Record{other};");
    }
    let _ = write!(
        text,
        "}}

export type Draft{number} = Omit<Record{number}, 'id' | 'createdAt'>;

export const MAX_LABELS_{number} = 12;

export class Store{number} {{
  readonly #records = new Map<string, Record{number}>();

  constructor(private readonly clock: () => Date = () => new Date()) {{}}

  add(id: string, draft: Draft{number}): Record{number} {{
    if (draft.labels.length > MAX_LABELS_{number}) {{
      throw new RangeError(`a record has at most ${{MAX_LABELS_{number}}} labels, not ${{draft.labels.length}}`);
    }}
    const record: Record{number} = {{ ...draft, id, createdAt: this.clock() }};
    this.#records.set(id, record);
    return record;
  }}

  find(predicate: (record: Record{number}) => boolean): Record{number}[] {{
    return [...this.#records.values()].filter(predicate).sort((a, b) => a.title.localeCompare(b.title));
  }}

  total(part: string): number {{
    let sum = 0;
    for (const record of this.#records.values()) {{
      sum += record.parts.get(part) ?? 0;
    }}
    return sum;
  }}
}}

export function describeRecord{number}(record: Record{number}): string {{
  const labels = record.labels.map((label) => label.trim()).filter((label) => label !== '').join(', ');
  const lines = [`${{record.title}} (${{record.id}})`, labels === '' ? 'no labels' : labels];
"
    );
    for other in &earlier {
        let _ = write!(
            text,
            "  if (record.related{other} !== undefined) {{
    lines.push(describeRecord{other}(record.related{other}));
  }}
"
        );
    }
    let _ = write!(
        text,
        "  return lines.join('\\n');
}}

export async function loadRecords{number}(fetchPage: (page: number) => Promise<Draft{number}[]>): Promise<Store{number}> {{
  const store = new Store{number}();
  for (let page = 0; ; page += 1) {{
    const drafts = await fetchPage(page);
    if (drafts.length === 0) {{
      return store;
    }}
    drafts.forEach((draft, index) => store.add(`${{page}}-${{index}}`, draft));
  }}
}}
"
    );
    text
}
