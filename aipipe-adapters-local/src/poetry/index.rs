//! Where Poetry's packages come from.
//!
//! Poetry reads nothing of pip's configuration, and of the public index it uses an interface besides the simple one, which
//! mirrors do not serve. Its plugin `poetry-plugin-pypi-mirror`, which stands in the list Poetry is installed from, has it
//! use the simple index that a variable names, and writes none of that into locks.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Python code that prints the index pip uses when nobody names one, and after it pip's configuration.
pub(crate) const PROBE: &str = "import subprocess, sys
from pip._internal.models.index import PyPI
print(PyPI.simple_url, flush=True)
sys.exit(subprocess.call([sys.executable, '-m', 'pip', 'config', 'list']))
";

/// The sections of pip's configuration that count for an installation, the strongest first.
const SECTIONS: [&str; 3] = [":env:", "install", "global"];

/// The variables by which Poetry and its plugin use the index that pip does, from what [`PROBE`] printed.
///
/// # Errors
/// A reason, when that names no index.
pub(crate) fn index_variables(printed: &str) -> Result<BTreeMap<OsString, OsString>, String> {
    let mut lines = printed.lines().map(str::trim);
    let default = lines.next().unwrap_or_default();
    let settings: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once('=')).collect();
    let setting = |name: &str| {
        let found = SECTIONS.iter().find_map(|section| settings.get(format!("{section}.{name}").as_str()));
        found.map(|value| value.trim_matches(['\'', '"']).trim()).filter(|value| !value.is_empty())
    };
    if setting("extra-index-url").is_some() {
        tracing::warn!("pip is configured for further indexes; Poetry uses the first one only");
    }
    let index = setting("index-url").unwrap_or(default);
    if !(index.starts_with("https://") || index.starts_with("http://")) {
        return Err("pip does not tell which index it uses".to_owned());
    }
    let mut variables = BTreeMap::from([("POETRY_PYPI_MIRROR_URL".into(), index.into())]);
    if let Some(certificates) = setting("cert") {
        variables.insert("REQUESTS_CA_BUNDLE".into(), certificates.into());
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetry_uses_the_index_of_pip() {
        let url = |printed: &str| {
            let variables = index_variables(printed).ok()?;
            variables.get(&OsString::from("POETRY_PYPI_MIRROR_URL"))?.to_str().map(str::to_owned)
        };
        let default = "https://index.example/simple";
        let own = "global.index-url='https://a.example/simple/'";
        assert_eq!(url(default).as_deref(), Some(default));
        assert_eq!(url(&format!("{default}\n{own}\n")).as_deref(), Some("https://a.example/simple/"));
        // pip lists the environment first, and it is what counts.
        let listed = format!("{default}\n:env:.index-url='http://b.example/simple'\n{own}");
        assert_eq!(url(&listed).as_deref(), Some("http://b.example/simple"));
        assert_eq!(url(&format!("{default}\ndownload.index-url='https://c.example'")).as_deref(), Some(default));
        for bad in ["", "Traceback", "file:///srv/index"] {
            assert_eq!(url(bad), None, "{bad}");
        }
        let variables = index_variables(&format!("{default}\nglobal.cert='/etc/ca.crt'")).unwrap();
        assert_eq!(variables.get(&OsString::from("REQUESTS_CA_BUNDLE")), Some(&OsString::from("/etc/ca.crt")));
    }
}
