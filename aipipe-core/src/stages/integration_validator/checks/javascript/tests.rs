use super::*;

fn specifiers(path: &str, source: &str) -> Vec<String> {
    let path = RepoPath::parse(path).unwrap();
    read(&path, source).references.into_iter().map(|reference| reference.specifier).collect()
}

#[test]
fn every_import_form_is_read() {
    let source = r#"
import a from './1'
import * as b from "./2"
import { c, d as e } from './3';
import f, { g } from './4'
import h, * as i from './5'
import './6'
import type { J } from './7'
import { type K, l } from './8'
import type from './9'
import {
  m, // from './no'
  n,
} from
  './10'
export * from './11'
export * as o from './12'
export { p as q } from './13'
export type { R } from './14'
const s = await import('./15')
const t = require('./16')
import u = require('./17')
type V = import('./18').W
import x from './19' with { type: 'json' }
const y = import(`./20`)
const z = `${await import('./21')} import q from './no'`
require.resolve('./22')
import{aa}from'./23'
export type * from './24'
const all = [...require('./25')]
import { default as bb, from } from './26'
import type, { cc } from './27'
"#;
    let wanted: Vec<String> = (1..=27).map(|number| format!("./{number}")).collect();
    assert_eq!(specifiers("a.ts", source), wanted);
}

#[test]
fn text_that_is_not_code_is_not_read() {
    let source = r##"
// import a from './no'
/* import b from './no' */
const c = "import d from './no'"
const e = 'require("./no")'
const f = `import g from './no' ${`export * from './no'`} require('./no')`
const h = /import i from '.\/no'/.test(x) ? /['"`{]/ : /[/'"]/g
const j = a / b; const k = './no' / c
obj.require('./no'); obj.import('./no'); { import: './no' }
import.meta.url
export const l = { from: './no' }
export { m }
const from = './no'
if (x) /import '.no'/.exec(y)
const n = x++ / 2 + y! / './no'
const o = a[0] / 2 - fn() / './no'
import('./' + name)
import(`./${name}`)
"##;
    assert_eq!(specifiers("a.ts", source), Vec::<String>::new());
}

#[test]
fn markup_is_no_code_and_code_in_it_is() {
    let source = r#"
const a = <p title='import "./no"' className="x">Don't import './no' from `here // {require('./1')} it's</p>
const b = <T,>(x: T) => x; const c = <T extends object>(x: T) => require('./2')
const d = cond ? <A /> : <><B x={<C>{`${require('./3')}`}</C>} />can't</>
const e = x < y && y > require('./4')
const f = lazy(() => import('./5'))
function g() { return <div>{list.map((i) => <li key={i}>it's {i}</li>)}</div> }
import h from './6'
"#;
    let wanted: Vec<String> = (1..=6).map(|number| format!("./{number}")).collect();
    assert_eq!(specifiers("a.tsx", source), wanted);
}

#[test]
fn type_assertions_are_not_markup_in_typescript() {
    assert_eq!(specifiers("a.ts", "const a = <any>b; import c from './1'"), ["./1"]);
    // In a .tsx file it can only be a mistake of this lexer, and what follows must still be read.
    assert_eq!(specifiers("a.tsx", "type F = <T>(x: T) => T; import c from './1'"), ["./1"]);
}

#[test]
fn a_component_has_its_scripts_read() {
    let source = "<!-- <script>import './no'</script> -->\n<template><p>import './no' <template #x>a</template></p></template>\n\
        <script lang=\"ts\">\nimport a from './1'\nconst b = <any>c\n</script>\n<script setup lang='ts'>import d from './2'</script>\n\
        <style>@import './no';</style>\n<script src=\"./3\"></script>";
    assert_eq!(specifiers("A.vue", source), ["./1", "./2", "./3"]);
    let path = RepoPath::parse("A.vue").unwrap();
    let module = read(&path, source);
    for reference in module.references.iter().take(2) {
        assert_eq!(reference.span.of(source), Some(reference.specifier.as_str()));
    }
}

#[test]
fn an_import_that_may_fail_is_not_asked_for() {
    assert_eq!(specifiers("a.js", "try { require('./native.node') } catch { require('./1') }"), ["./1"]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(source in "\\PC{0,200}|[<>/'\"`${}()a \\n\\\\]{0,200}") {
        for name in ["a.ts", "a.tsx", "a.vue", "a.js"] {
            let path = RepoPath::parse(name).unwrap();
            let module = read(&path, &source);
            for reference in module.references {
                proptest::prop_assert!(name == "a.vue" || reference.span.of(&source).is_some());
            }
        }
    }
}
