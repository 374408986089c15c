//! The words that say something about a stack, as one table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a term speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// React in the browser.
    React,
    /// React with a server, as one product.
    Fullstack,
    /// Vue in the browser.
    Vue,
    /// A server on Node.
    Node,
    /// Pages made on a Node server.
    NodePages,
    /// Python.
    Python,
    /// An HTTP framework of Python.
    PythonApi,
    /// JavaScript or TypeScript, wherever it runs.
    Script,
    /// A technology outside the five.
    Outside,
    /// A kind of product outside the five: command line, mobile, desktop, embedded, model training.
    OtherProduct,
    /// Something people see in a browser.
    Interface,
    /// Something programs call over HTTP.
    Api,
    /// Data that several people share, so a server keeps it.
    Shared,
}

impl Topic {
    /// Whether it names a technology or a kind of product, not just a feature.
    pub(super) fn is_technology(self) -> bool {
        !matches!(self, Self::Interface | Self::Api | Self::Shared | Self::Script)
    }

    /// Whether programs are made of it, rather than being it.
    pub(super) fn is_made_of(self) -> bool {
        self != Self::OtherProduct
    }
}

/// When a term that is also an everyday word is taken for the technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// However it is written.
    Any,
    /// With a capital letter.
    Capital,
    /// In capital letters.
    Upper,
    /// As a technology only beside words such as `in`, `using`, `server`, `app`.
    Context,
    /// With a capital letter, where a technology can stand: people and things bear these names too.
    Name,
    /// In use, or in a sentence that names another technology.
    Tool,
}

/// A term: its words in lower case, what it speaks for and how it has to be written.
#[derive(Debug)]
pub(super) struct Term {
    /// The words.
    pub(super) words: Vec<&'static str>,
    /// What it speaks for.
    pub(super) topic: Topic,
    /// How it has to be written.
    pub(super) spelling: Spelling,
    /// Whether "no X" speaks against the topic; "no Vue Router" says nothing against Vue.
    pub(super) deniable: bool,
}

macro_rules! terms {
    ($($topic:ident $spelling:ident $deniable:literal : $($term:literal)+;)+) => {
        /// The table; `_` stands between the words of a term.
        const TABLE: &[(&str, Topic, Spelling, bool)] = &[$($(($term, Topic::$topic, Spelling::$spelling, $deniable),)+)+];
    };
}

terms! {
    React Any true: "react.js" "reactjs" "react_js" "preact";
    React Context true: "react";
    React Any false: "redux" "zustand" "jsx" "tsx" "react_router" "react_hooks" "react_hook" "create_react_app";
    Fullstack Any true: "next.js" "nextjs" "full_stack_react" "react_full_stack" "react_fullstack";
    Vue Any true: "vue" "vue.js" "vuejs" "vue3" "vue2" "nuxt" "nuxt.js";
    Vue Any false: "vue_router" "pinia" "vuex" "vuetify";
    Node Any true: "node.js" "nodejs" "node_js" "express.js" "expressjs" "express_js" "fastify" "nestjs" "nest.js" "koa.js";
    Node Context true: "node" "express";
    NodePages Any false: "ejs" "nunjucks";
    NodePages Tool false: "pug";
    Python Any true: "python" "python3" "py";
    Python Any false: "pytest" "numpy" "pydantic" "scikit_learn" "sklearn" "matplotlib";
    Python Tool false: "poetry" "pandas";
    PythonApi Any true: "fastapi" "fast_api" "uvicorn" "starlette" "django_rest_framework";
    PythonApi Capital true: "django";
    PythonApi Name true: "flask";
    Script Any false: "typescript" "javascript" "npm";
    Outside Name true: "java" "rust" "ruby" "scala" "elixir" "angular" "julia";
    Outside Capital true: "kotlin" "haskell" "fortran" "cobol" "laravel" "symfony" "matlab" "tkinter" "pyqt5" "pyqt";
    Outside Context true: "go" "swift" "unity";
    Outside Any true: "golang" "c++" "c++17" "c++11" "c++14" "c++20" "cpp" "c#" "asp.net" "dotnet" "net_core" "net_framework" "php" "wordpress"
        "spring_boot" "springboot" "ruby_on_rails" "swiftui" "svelte" "sveltekit" "angularjs" "ember.js" "solidjs"
        "react_native" "flutter" "xamarin" "jetpack_compose" "unreal_engine" "jdk" "maven" "cmake" "g++" "javafx" "winforms" "wpf";
    OtherProduct Any true: "command_line" "commandline" "command_lines" "console_application" "console_program" "console_based"
        "terminal_interface" "terminal_based" "terminal_application" "text_based_interface" "text_menu"
        "mobile_app" "mobile_apps" "mobile_application" "mobile_applications" "native_app" "native_apps" "ios_app" "android_app"
        "iphone_app" "app_store" "desktop_application" "desktop_app" "desktop_tool" "desktop_software" "desktop_program"
        "firmware" "microcontroller" "arduino" "embedded_system" "embedded_software" "browser_extension" "chrome_extension"
        "pytorch" "tensorflow" "keras" "hugging_face" "huggingface" "fine_tune" "fine_tuning" "training_loss" "batch_size"
        "smart_contract" "smart_contracts" "game_engine" "python_library" "java_library" "class_library" "software_library"
        "algorithm_library" "excel_macro" "device_driver" "operating_system_kernel" "compiler" "bytecode_interpreter" "command_interpreter" "graphical_desktop";
    OtherProduct Upper true: "cli" "gui";
    OtherProduct Any false: "algorithm" "algorithms" "argparse" "command_line_argument" "command_line_arguments" "makefile"
        "stdin" "stdout" "simulation" "numerical" "data_analysis" "data_mining" "machine_learning" "deep_learning";
    Interface Any true: "page" "pages" "web_page" "webpage" "screen" "screens" "browser" "browsers" "button" "buttons" "dashboard"
        "dashboards" "responsive" "single_page" "modal" "popup" "dropdown" "drop_down" "sidebar" "navbar" "tooltip" "checkbox"
        "user_interface" "frontend" "front_end" "css" "html" "html5" "website" "web_site" "web_app" "web_application" "web_ui"
        "homepage" "landing_page" "click" "clicks" "clicked" "clicking" "text_field" "input_field" "date_picker" "web_interface"
        "web_client" "client_side" "icon" "icons" "hover" "hovered" "form" "forms" "web_portal";
    Interface Upper true: "ui" "spa" "ux";
    Api Any true: "api" "apis" "restful" "endpoint" "endpoints" "webhook" "webhooks" "openapi" "swagger" "backend" "back_end"
        "microservice" "microservices" "web_service" "web_services" "http" "status_code" "status_codes" "graphql" "rest_api"
        "rest_apis" "http_status" "request_body" "response_body" "json_response" "query_parameter" "query_parameters" "headless";
    Api Upper false: "rest" "json" "jwt";
    Shared Any false: "database" "login" "log_in" "logs_in" "logged_in" "sign_up" "sign_in" "accounts" "admin" "admins"
        "administrator" "administrators" "server" "server_side" "sqlite" "postgres" "postgresql" "mysql" "mongodb" "sequelize"
        "mongoose" "prisma" "payment" "payments" "multi_user";
}

/// All terms by their first word, longer ones first.
pub(super) static TERMS: LazyLock<BTreeMap<&'static str, Vec<Term>>> = LazyLock::new(|| {
    let mut by_first: BTreeMap<&'static str, Vec<Term>> = BTreeMap::new();
    for (text, topic, spelling, deniable) in TABLE {
        let words: Vec<&'static str> = text.split('_').collect();
        if let Some(first) = words.first() {
            let list = by_first.entry(first).or_default();
            list.push(Term { words, topic: *topic, spelling: *spelling, deniable: *deniable });
        }
    }
    for list in by_first.values_mut() {
        list.sort_by_key(|term| std::cmp::Reverse(term.words.len()));
    }
    by_first
});

/// What a file's extension speaks for.
pub(super) fn of_extension(extension: &str) -> Option<Topic> {
    Some(match extension {
        "jsx" | "tsx" => Topic::React,
        "vue" => Topic::Vue,
        "pug" | "ejs" | "hbs" | "njk" => Topic::NodePages,
        "py" | "ipynb" => Topic::Python,
        "java" | "jar" | "cpp" | "hpp" | "cs" | "go" | "rs" | "kt" | "swift" | "php" | "svelte" | "rb" | "scala" => {
            Topic::Outside
        }
        _ => return None,
    })
}
