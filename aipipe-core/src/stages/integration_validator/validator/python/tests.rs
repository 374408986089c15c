use super::module::read;

fn imports(source: &str) -> Vec<String> {
    let written = |import: super::module::Import| {
        let names: Vec<String> = import.names.into_iter().map(|(name, _)| name).collect();
        format!("{}{}:{}", ".".repeat(import.dots), import.module.join("."), names.join(","))
    };
    read(source).imports.into_iter().map(written).collect()
}

#[test]
fn every_import_form_is_read() {
    let source = "import a.b as c, d\nfrom . import e\nfrom ..f.g import (h as i,  # from .no import x\n    j,\n)\n\
        from ...k import *\nif TYPE_CHECKING: from .l import m\nimport n; from .o import p\n\
        def q():\n    from .r import s\n    yield from t\nfrom u import \\\n    v\n";
    let wanted = ["a.b:", "d:", ".:e", "..f.g:h,j", "...k:*", ".l:m", "n:", ".o:p", ".r:s", "u:v"];
    assert_eq!(imports(source), wanted);
}

#[test]
fn text_that_is_not_code_is_not_read() {
    let source = "'''\nfrom .no import x\n'''\n# import no\na = \"from .no import x\"\nb = r'\\'; c = f'{d}' 'import no'\n\
        e = (\n  'x'\n  'import no'\n)\nf = b\"\"\"\nimport no\\\"\"\"\n\"\"\"\nraise g from h\n";
    assert_eq!(imports(source), Vec::<String>::new());
}

#[test]
fn an_import_that_may_fail_is_not_asked_for() {
    assert_eq!(imports("try:\n    from ._version import v\nexcept ImportError:\n    v = ''\nimport a\n"), ["a:"]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(source in "\\PC{0,200}|[ \\n\\t'\"#\\\\()a.;:,]{0,100}|(from|import|def|\\.| |\\n|a|,){0,80}") {
        for import in read(&source).imports {
            proptest::prop_assert!(import.span.of(&source).is_some());
        }
    }
}
