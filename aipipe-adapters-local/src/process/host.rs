//! What of the host's environment other programs may see, and where tools lie.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// Variables that package managers need to reach their registry through a company's mirror or proxy.
const NETWORK_VARIABLES: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// Settings of package managers (compared without regard to case, `-` and `_` alike) that would move an installation
/// out of the job's folder or undo a protection.
const REFUSED_SETTINGS: &[&str] = &[
    "npm_config_cache",
    "npm_config_prefix",
    "npm_config_global",
    "npm_config_location",
    "npm_config_ignore_scripts",
    "npm_config_globalconfig",
    "npm_config_audit",
    "npm_config_fund",
    "npm_config_update_notifier",
    "npm_config_script_shell",
    "npm_config_node_options",
    "pip_cache_dir",
    "pip_target",
    "pip_prefix",
    "pip_root",
    "pip_user",
    "pip_src",
    "pip_log",
    "pip_require_virtualenv",
    "pip_no_index",
    "pip_break_system_packages",
];

/// What a host lets through of its own environment.
///
/// Everything else is unknown to the programs that are started. `PATH` and the place of the home folder are used to
/// find tools and their configuration; the network settings (proxy and certificate variables, `NPM_CONFIG_*`, `PIP_*`)
/// are handed on only while dependencies are installed or resolved, and without credentials unless the host says
/// otherwise with [`with_credentials`](Self::with_credentials).
#[derive(Clone)]
pub struct HostEnvironment {
    /// Where programs are looked for, as in `PATH`.
    pub path: OsString,
    /// The user's home folder: hidden from sandboxed steps, and where `.npmrc` and pip's configuration are read.
    pub home: Option<PathBuf>,
    pub(super) credentials: Credentials,
    install: BTreeMap<OsString, OsString>,
}

/// Whether installations get the credentials of the user's npm and pip configuration and of the proxy's address.
///
/// Packages that are built while they are installed run code, and could read them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Credentials {
    /// They get the addresses, the certificates and nothing secret.
    #[default]
    Withhold,
    /// They get the configuration as it is: for a registry that answers nobody else.
    Pass,
}

impl HostEnvironment {
    /// Only a search path; no home folder, no network settings.
    #[must_use]
    pub fn new(path: impl Into<OsString>) -> Self {
        Self { path: path.into(), home: None, credentials: Credentials::default(), install: BTreeMap::new() }
    }

    /// What the current process has, cut down to the documented list.
    #[must_use]
    pub fn from_env() -> Self {
        let mut environment = Self::new(std::env::var_os("PATH").unwrap_or_default());
        environment.home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        environment.with_install_variables(std::env::vars_os())
    }

    /// The same with those of `variables` that the documented list allows while dependencies are installed.
    #[must_use]
    pub fn with_install_variables(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.install.extend(variables.into_iter().filter(|(name, _)| name.to_str().is_some_and(is_install_variable)));
        self
    }

    /// The same with another search path.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<OsString>) -> Self {
        self.path = path.into();
        self
    }

    /// The same with the credentials of npm, pip and the proxy handed on to installations, or not.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// The variables of the install phase as the host has them, with the user's own npm and pip configuration named
    /// where there is one.
    pub(super) fn named_configuration(&self) -> BTreeMap<OsString, OsString> {
        let mut variables = self.install.clone();
        let has = |variables: &BTreeMap<OsString, OsString>, wanted: &str| {
            variables.keys().any(|name| name.to_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted)))
        };
        if let Some(file) = self.npm_configuration()
            && !has(&variables, "npm_config_userconfig")
        {
            variables.insert("npm_config_userconfig".into(), file.into());
        }
        if let Some(file) = self.pip_configuration()
            && !has(&variables, "PIP_CONFIG_FILE")
        {
            variables.insert("PIP_CONFIG_FILE".into(), file.into());
        }
        variables
    }

    fn npm_configuration(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".npmrc")).filter(|file| file.is_file())
    }

    fn pip_configuration(&self) -> Option<PathBuf> {
        let home = self.home.as_ref()?;
        [".config/pip/pip.conf", ".pip/pip.conf"].iter().map(|name| home.join(name)).find(|file| file.is_file())
    }
}

impl fmt::Debug for HostEnvironment {
    /// Shows names only: a proxy's or an index's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostEnvironment")
            .field("path", &self.path)
            .field("home", &self.home)
            .field("credentials", &self.credentials)
            .field("install", &self.install.keys().collect::<Vec<_>>())
            .finish()
    }
}

fn is_install_variable(name: &str) -> bool {
    let plain = name.to_ascii_lowercase().replace('-', "_");
    if REFUSED_SETTINGS.contains(&plain.as_str()) {
        return false;
    }
    NETWORK_VARIABLES.contains(&name) || plain.starts_with("npm_config_") || name.starts_with("PIP_")
}

/// The executable file that `name` stands for in `path`; relative folders of the path are passed over.
pub(crate) fn find_program(path: &OsStr, name: &str) -> Option<PathBuf> {
    find_programs(path, name).next()
}

/// All executable files that `name` could stand for in `path`, the one that it does stand for first.
pub(crate) fn find_programs(path: &OsStr, name: &str) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(move |folder| folder.join(name))
        .filter(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The folders below the home folder that hold the tools of `path`, so that a sandbox can hide the rest of it.
///
/// A tool's files lie beside its `bin` or `shims` folder. `.cargo` and `.local` hold more than tools (credentials,
/// applications' data), so of these only the folder itself counts.
pub(crate) fn tool_folders(path: &OsStr, home: &Path, tools: &[PathBuf]) -> Vec<PathBuf> {
    let of_path = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let of_tools = tools.iter().filter_map(|tool| {
        let real = tool.canonicalize().ok()?;
        Some(real.parent()?.to_path_buf())
    });
    let mut folders: Vec<PathBuf> = of_path
        .chain(of_tools)
        .filter(|folder| folder.starts_with(home) && folder != home && folder.is_dir())
        .map(|folder| match folder.parent() {
            Some(parent) if is_tool_root(&folder, parent, home) => parent.to_path_buf(),
            _ => folder,
        })
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

fn is_tool_root(folder: &Path, parent: &Path, home: &Path) -> bool {
    let named = |names: &[&str], path: &Path| path.file_name().is_some_and(|n| names.iter().any(|name| n == *name));
    named(&["bin", "shims"], folder)
        && parent != home
        && !(parent.parent() == Some(home) && named(&[".cargo", ".local"], parent))
}

/// The home folder, when hiding it is meaningful.
pub(crate) fn home_masks(home: Option<&Path>) -> Option<PathBuf> {
    let home = home?.canonicalize().ok()?;
    (home.parent().is_some() && home.is_dir()).then_some(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_variables_pass() {
        let given = [
            "HTTPS_PROXY",
            "npm_config_registry",
            "NPM_CONFIG_CAFILE",
            "PIP_CERT",
            "PIP_INDEX_URL",
            "SSL_CERT_FILE",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "NPM_TOKEN",
            "PIP_TARGET",
            "npm_config_ignore-scripts",
            "NPM_CONFIG_IGNORE_SCRIPTS",
            "npm_config_cache",
            "LD_PRELOAD",
            "NODE_OPTIONS",
            "PIPENV_X",
        ];
        let environment = HostEnvironment::new("/usr/bin")
            .with_install_variables(given.iter().map(|name| (OsString::from(name), OsString::from("x"))));
        let names: Vec<_> = environment.named_configuration().into_keys().collect();
        let wanted =
            ["HTTPS_PROXY", "NPM_CONFIG_CAFILE", "PIP_CERT", "PIP_INDEX_URL", "SSL_CERT_FILE", "npm_config_registry"];
        assert_eq!(names, wanted.map(OsString::from));
        assert!(!format!("{environment:?}").contains("\"x\""));
    }

    #[test]
    fn tools_below_home_are_kept_and_the_rest_is_not() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        for folder in [".nvm/versions/node/v20/bin", ".pyenv/shims", ".cargo/bin", ".local/bin", "bin", ".ssh"] {
            std::fs::create_dir_all(home.join(folder)).unwrap();
        }
        let path = std::env::join_paths(
            [".nvm/versions/node/v20/bin", ".pyenv/shims", ".cargo/bin", ".local/bin", "bin"].map(|f| home.join(f)),
        )
        .unwrap();
        let kept = tool_folders(&path, home, &[]);
        let wanted = [".cargo/bin", ".local/bin", ".nvm/versions/node/v20", ".pyenv", "bin"].map(|f| home.join(f));
        assert_eq!(kept, wanted);
    }

    #[test]
    fn relative_folders_of_the_path_find_nothing() {
        assert_eq!(find_program(OsStr::new(".:bin:"), "sh"), None);
        assert!(find_program(OsStr::new("/nowhere:/bin:/usr/bin"), "sh").is_some());
    }
}
