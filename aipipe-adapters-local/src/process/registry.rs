//! How package registries are reached: addresses, proxies and certificates, without the secrets beside them.
//!
//! Only settings of a short list pass, and addresses lose their user and password. What a setting of a kind nobody
//! thought of may hold is not guessed.

use super::host::{Credentials, HostEnvironment};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// What errors and notes of steps say when an installation failed because it got no credentials.
///
/// A host with an option of its own for that can tell by it when to name the option.
pub const CREDENTIALS_WITHHELD: &str = "the registry or the proxy asks for credentials, and installations get none; \
                                        HostEnvironment::with_credentials(Credentials::Pass) hands on those of your \
                                        configuration";

/// Settings of npm that pass without credentials, besides `@scope:registry`.
const NPM_SETTINGS: &[&str] = &[
    "registry",
    "replace-registry-host",
    "omit-lockfile-registry-resolved",
    "cafile",
    "ca",
    "strict-ssl",
    "proxy",
    "http-proxy",
    "https-proxy",
    "noproxy",
    "maxsockets",
    "fetch-retries",
    "fetch-retry-factor",
    "fetch-retry-mintimeout",
    "fetch-retry-maxtimeout",
    "fetch-timeout",
    "prefer-offline",
];

/// Settings of pip that pass without credentials.
const PIP_SETTINGS: &[&str] = &[
    "index-url",
    "extra-index-url",
    "find-links",
    "cert",
    "trusted-host",
    "proxy",
    "timeout",
    "default-timeout",
    "retries",
    "only-binary",
    "prefer-binary",
    "disable-pip-version-check",
    "no-input",
];

/// Words by which npm, pip and Poetry tell that a registry or a proxy wants to know who asks.
const DENIAL_WORDS: &[&str] = &[
    "code e401",
    "code e407",
    "eneedauth",
    "401 unauthorized",
    "401 client error",
    "status code 401",
    "http error 401",
    "407 proxy authentication",
    "proxy authentication required",
    "authentication required",
];

/// Largest configuration file that is read.
const MAX_CONFIGURATION: u64 = 1 << 20;

/// What the install phase sees of the host.
#[derive(Debug, Clone, Default)]
pub(crate) struct InstallSettings {
    /// Variables of the environment.
    pub(crate) variables: BTreeMap<OsString, OsString>,
}

impl InstallSettings {
    /// The files and folders that the variables name (configuration, certificates), for a sandbox that hides the home
    /// folder.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let named = self.variables.values().map(PathBuf::from);
        named.filter(|path| path.is_absolute() && path.exists()).collect()
    }
}

impl HostEnvironment {
    /// What the install phase sees. Configuration that has to lose its credentials is written anew into `folder`.
    ///
    /// # Errors
    /// When a configuration file can't be read or written.
    pub(crate) fn install_settings(&self, folder: &Path) -> io::Result<InstallSettings> {
        let variables = self.named_configuration();
        if self.credentials == Credentials::Pass {
            return Ok(InstallSettings { variables });
        }
        let mut kept = BTreeMap::new();
        for (name, value) in variables {
            match configuration_of(&name) {
                Some((file, clean)) => {
                    let target = folder.join(file);
                    std::fs::write(&target, clean(&read_text(Path::new(&value))?))?;
                    kept.insert(name, target.into_os_string());
                }
                None => {
                    kept.extend(without_secrets(&name, &value).map(|value| (name, value)));
                }
            }
        }
        Ok(InstallSettings { variables: kept })
    }

    /// What to say when a tool's output tells that a registry refused it for want of credentials; `None` otherwise.
    pub(crate) fn denial(&self, output: &str) -> Option<&'static str> {
        let lower = output.to_lowercase();
        let denied = DENIAL_WORDS.iter().any(|word| lower.contains(word));
        denied.then_some(match self.credentials {
            Credentials::Withhold => CREDENTIALS_WITHHELD,
            Credentials::Pass => "the registry or the proxy does not take the credentials of your configuration",
        })
    }
}

type Clean = fn(&str) -> String;

/// The name and the reader of the configuration file that a variable names.
fn configuration_of(variable: &OsStr) -> Option<(&'static str, Clean)> {
    let name = variable.to_str()?;
    if name.eq_ignore_ascii_case("npm_config_userconfig") {
        return Some(("install-npmrc", clean_npmrc));
    }
    name.eq_ignore_ascii_case("pip_config_file").then_some(("install-pip.conf", clean_pip_conf))
}

fn read_text(file: &Path) -> io::Result<String> {
    // A variable may name a file that is not there, as `/dev/null` is for "none".
    match super::read_small(file, MAX_CONFIGURATION) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) if !file.is_file() => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// A variable's value without credentials; `None` for a variable that does not pass.
fn without_secrets(name: &OsStr, value: &OsStr) -> Option<OsString> {
    let (name, value) = (name.to_str()?, value.to_str()?);
    let plain = name.to_ascii_lowercase().replace('_', "-");
    let passes = match (plain.strip_prefix("npm-config-"), plain.strip_prefix("pip-")) {
        (Some(setting), _) => passes_npm(setting),
        (_, Some(setting)) => PIP_SETTINGS.contains(&setting),
        // Proxies, certificates: the host's list has nothing else.
        (None, None) => true,
    };
    passes.then(|| clean_value(&plain, value).into())
}

fn passes_npm(setting: &str) -> bool {
    let scoped = setting.starts_with('@') && setting.ends_with(":registry");
    scoped || NPM_SETTINGS.contains(&setting)
}

/// The lines of an `.npmrc` that pass.
fn clean_npmrc(text: &str) -> String {
    let mut clean = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with([';', '#'])) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let (name, value) = (name.trim(), value.trim());
        let setting = name.strip_suffix("[]").unwrap_or(name).to_ascii_lowercase();
        if passes_npm(&setting) {
            clean.push_str(&format!("{name}={}\n", clean_value(&setting, value)));
        }
    }
    clean
}

/// The sections of a pip configuration with the settings that pass, and the lines that go on with them.
fn clean_pip_conf(text: &str) -> String {
    let mut clean = String::new();
    let mut goes_on: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with([';', '#']) {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(setting) = &goes_on {
                clean.push_str(&format!("    {}\n", clean_value(setting, bare)));
            }
            continue;
        }
        goes_on = None;
        if bare.starts_with('[') {
            clean.push_str(&format!("{bare}\n"));
            continue;
        }
        let Some((name, value)) = bare.split_once(['=', ':']) else { continue };
        let setting = name.trim().to_ascii_lowercase().replace('_', "-");
        if PIP_SETTINGS.contains(&setting.as_str()) {
            clean.push_str(&format!("{setting} = {}\n", clean_value(&setting, value.trim())));
            goes_on = Some(setting);
        }
    }
    clean
}

/// A value whose addresses have lost user, password, query and fragment.
fn clean_value(setting: &str, value: &str) -> String {
    let is_proxy = setting.ends_with("proxy") && !setting.starts_with("no");
    let clean = |word: &str| match word.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let (authority, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let quote = word.chars().next_back().filter(|c| matches!(c, '"' | '\'') && !rest.ends_with(*c));
            let path = path.map_or_else(String::new, |path| format!("/{path}"));
            format!("{scheme}://{host}{path}{}", quote.map_or_else(String::new, String::from))
        }
        // A proxy may be named without its scheme.
        None if is_proxy => word.rsplit_once('@').map_or(word, |(_, host)| host).to_owned(),
        None => word.to_owned(),
    };
    value.split_whitespace().map(clean).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t-w0rd";

    fn npmrc() -> String {
        format!(
            "; {SECRET}\nregistry=https://me:{SECRET}@mirror.example/npm/?token={SECRET}\n\
             @team:registry = https://{SECRET}@team.example/\n//mirror.example/npm/:_authToken={SECRET}\n\
             _auth={SECRET}\n_password = {SECRET}\nkeyfile=/{SECRET}\nproxy=me:{SECRET}@proxy.example:8080\n\
             cafile=/etc/ssl/ca@home.crt\nca[]=\"-----BEGIN\"\nscript-shell=/bin/{SECRET}\n"
        )
    }

    fn pip_conf() -> String {
        format!(
            "[global]\n# {SECRET}\nindex-url = https://me:{SECRET}@mirror.example/simple\nextra_index_url =\n    \
             https://{SECRET}@one.example/simple\n    https://two.example/simple#{SECRET}\nclient-cert = /{SECRET}\n    \
             {SECRET}\n[install]\ntrusted-host: mirror.example\npassword = {SECRET}\n"
        )
    }

    #[test]
    fn configuration_keeps_its_addresses_and_loses_its_secrets() {
        assert_eq!(
            clean_npmrc(&npmrc()),
            "registry=https://mirror.example/npm/\n@team:registry=https://team.example/\nproxy=proxy.example:8080\n\
             cafile=/etc/ssl/ca@home.crt\nca[]=\"-----BEGIN\"\n"
        );
        assert_eq!(
            clean_pip_conf(&pip_conf()),
            "[global]\nindex-url = https://mirror.example/simple\nextra-index-url = \n    https://one.example/simple\n    \
             https://two.example/simple\n[install]\ntrusted-host = mirror.example\n"
        );
    }

    fn host(home: &Path) -> HostEnvironment {
        std::fs::write(home.join(".npmrc"), npmrc()).unwrap();
        std::fs::create_dir_all(home.join(".config/pip")).unwrap();
        std::fs::write(home.join(".config/pip/pip.conf"), pip_conf()).unwrap();
        let variables = [
            ("HTTPS_PROXY", format!("http://me:{SECRET}@proxy.example:8080")),
            ("https_proxy", format!("me:{SECRET}@proxy.example")),
            ("NO_PROXY", "localhost,example.org".to_owned()),
            ("npm_config_//mirror.example/:_authToken", SECRET.to_owned()),
            ("npm_config__auth", SECRET.to_owned()),
            ("NPM_CONFIG_REGISTRY", format!("https://{SECRET}@mirror.example/")),
            ("PIP_EXTRA_INDEX_URL", format!("https://me:{SECRET}@a.example/x https://b.example/y")),
            ("PIP_CLIENT_CERT", format!("/{SECRET}")),
        ];
        let mut host = HostEnvironment::new("/usr/bin")
            .with_install_variables(variables.map(|(name, value)| (name.into(), value.into())));
        host.home = Some(home.to_owned());
        host
    }

    /// Everything the install phase can get at by its variables.
    fn seen(host: &HostEnvironment) -> String {
        let folder = tempfile::tempdir().unwrap();
        let settings = host.install_settings(folder.path()).unwrap();
        let mut seen = format!("{:?}", settings.variables);
        for file in settings.files().iter().filter(|file| file.is_file()) {
            seen.push_str(&std::fs::read_to_string(file).unwrap());
        }
        seen
    }

    #[test]
    fn the_install_phase_gets_no_credentials_unless_the_host_passes_them() {
        let home = tempfile::tempdir().unwrap();
        let host = host(home.path());
        let without = seen(&host);
        assert!(!without.contains(SECRET), "{without}");
        for kept in [
            "http://proxy.example:8080",
            "\"proxy.example\"",
            "https://mirror.example/",
            "https://a.example/x https://b.example/y",
            "localhost,example.org",
            "trusted-host",
            "@team:registry",
        ] {
            assert!(without.contains(kept), "{kept} is not in {without}");
        }
        let with = seen(&host.with_credentials(Credentials::Pass));
        assert!(with.matches(SECRET).count() > 10, "the control: {with}");
    }

    #[test]
    fn a_refusal_names_the_option() {
        let host = HostEnvironment::new("");
        for output in
            ["npm error code E401", "ERROR: HTTP error 401 while getting x", "407 Proxy Authentication Required"]
        {
            assert!(host.denial(output).unwrap().contains("with_credentials"), "{output}");
        }
        assert_eq!(host.denial("npm error code ETARGET"), None);
        let passing = host.with_credentials(Credentials::Pass);
        assert!(!passing.denial("npm error code E401").unwrap().contains("with_credentials"));
    }

    #[test]
    fn a_configuration_that_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let host = HostEnvironment::new("").with_install_variables([("PIP_CONFIG_FILE".into(), "/dev/null".into())]);
        let settings = host.install_settings(folder.path()).unwrap();
        let file = settings.variables.get(OsStr::new("PIP_CONFIG_FILE")).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "");
    }
}
