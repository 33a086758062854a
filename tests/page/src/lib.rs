//! A browser for the tests of the report's page: Chromium, driven over WebDriver.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use choreo_report::model::Report;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub mod made;

/// How long a page may take for what a test waits for.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// What people look at the page with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Whether the system asks for dark colours.
    pub dark: bool,
}

impl Screen {
    /// A laptop.
    pub const DESKTOP: Self = Self {
        width: 1440,
        height: 900,
        dark: false,
    };
    /// A laptop at night.
    pub const DESKTOP_DARK: Self = Self {
        dark: true,
        ..Self::DESKTOP
    };
    /// A phone.
    pub const PHONE: Self = Self {
        width: 390,
        height: 844,
        dark: false,
    };
    /// A phone at night.
    pub const PHONE_DARK: Self = Self {
        dark: true,
        ..Self::PHONE
    };
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::DESKTOP,
        Self::DESKTOP_DARK,
        Self::PHONE,
        Self::PHONE_DARK,
    ];
}

/// For names of pictures: `1440`, `390-dark`.
impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dark = if self.dark { "-dark" } else { "" };
        write!(f, "{}{dark}", self.width)
    }
}

/// A browser with one page. It ends with the value.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    folder: tempfile::TempDir,
    /// How many pages it has been to.
    opened: AtomicU32,
    _driver: Child,
}

/// A command of the browser's own protocol, which WebDriver has no word for.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// What of browser and driver is not on this machine.
#[must_use]
pub fn missing_program() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_missing = |program: &&str| {
        let mut folders = std::env::split_paths(&path);
        !folders.any(|folder| folder.join(program).is_file())
    };
    ["chromium", "chromedriver"].into_iter().find(is_missing)
}

/// Whether browser and driver are missing. Without them tests are skipped, which `CHOREO_SKIP=deny` makes a failure.
#[must_use]
pub fn browser_is_missing() -> bool {
    if missing_program().is_none() {
        return false;
    }
    assert!(
        std::env::var("CHOREO_SKIP").as_deref() != Ok("deny"),
        "chromium or chromedriver is missing: cargo xtask setup"
    );
    true
}

/// Looks with every screen, where there is a browser.
#[expect(clippy::print_stdout, reason = "shown where a test fails")]
pub async fn on_every_screen(look: impl AsyncFn(&Browser, Screen)) {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    for screen in Screen::ALL {
        println!("with {screen:?}");
        browser.resize(screen).await;
        look(&browser, screen).await;
        browser.assert_no_problems().await;
    }
    browser.close().await;
}

impl Browser {
    /// Starts a browser with a screen.
    pub async fn start(screen: Screen) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // A port that was free a moment ago can be taken by another test's driver.
        let mut started = None;
        for _ in 0..5 {
            started = driver().await;
            if started.is_some() {
                break;
            }
        }
        let (driver, port) = started.expect("chromedriver starts and says its port");
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities(folder.path()))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        let browser = Self {
            client,
            folder,
            opened: AtomicU32::new(0),
            _driver: driver,
        };
        browser.resize(screen).await;
        browser.run_first(LISTEN).await;
        browser
    }

    /// Gives the browser another screen.
    pub async fn resize(&self, screen: Screen) {
        let Screen {
            width,
            height,
            dark,
        } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.dev_tools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.dev_tools("Emulation.setEmulatedMedia", features).await;
    }

    /// A command of the browser's own protocol.
    pub async fn dev_tools(&self, command: &'static str, parameters: Value) -> Value {
        let done = self.client.issue_cmd(DevTools(command, parameters)).await;
        done.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Opens the page of a report, as a file, and waits until it is ready.
    pub async fn open(&self, report: &Report) {
        self.open_at(report, "").await;
    }

    /// Opens the page of a report at a place.
    pub async fn open_at(&self, report: &Report, hash: &str) {
        let path = self.write(report);
        self.open_page(&path, hash).await;
    }

    /// Opens a page that somebody else has written, at a place, and waits until it is ready.
    pub async fn open_page(&self, path: &Path, hash: &str) {
        self.go(path, hash).await;
        self.until("document.documentElement.dataset.ready === 'true'")
            .await;
        self.settle().await;
    }

    /// Writes the page of a report.
    pub fn write(&self, report: &Report) -> PathBuf {
        let path = self.folder.path().join("index.html");
        let file = std::fs::File::create(&path).expect("a file");
        choreo_report::html::write(std::io::BufWriter::new(file), report)
            .expect("the page is written");
        path
    }

    /// Where a test may put files for the browser.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Goes to a file.
    pub async fn go(&self, path: &Path, hash: &str) {
        // The same address again would be no new page.
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let url = format!("file://{}?{number}{hash}", path.display());
        self.client.goto(&url).await.expect("the page opens");
    }

    /// Runs a script in every page that comes, before all that is in the page.
    pub async fn run_first(&self, script: &str) {
        let source = json!({ "source": script });
        self.dev_tools("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
    }

    /// What a script gives.
    pub async fn run(&self, script: &str) -> Value {
        let value = self
            .client
            .execute(&format!("return {script};"), Vec::new())
            .await;
        value.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The text that a script gives.
    pub async fn text(&self, script: &str) -> String {
        let value = self.run(script).await;
        value
            .as_str()
            .unwrap_or_else(|| panic!("{script} gives {value}"))
            .replace('\u{a0}', " ")
    }

    /// The text of the first element that a selector finds.
    pub async fn text_of(&self, selector: &str) -> String {
        self.text(&format!(
            "document.querySelector({})?.innerText ?? 'NOTHING'",
            json!(selector)
        ))
        .await
    }

    /// How many elements a selector finds.
    pub async fn count(&self, selector: &str) -> u64 {
        let count = self
            .run(&format!(
                "document.querySelectorAll({}).length",
                json!(selector)
            ))
            .await;
        count.as_u64().expect("a number")
    }

    /// Clicks the first element that a selector finds.
    pub async fn click(&self, selector: &str) {
        let script = format!(
            "(document.querySelector({0}).click(), true)",
            json!(selector)
        );
        self.run(&script).await;
        self.settle().await;
    }

    /// Presses keys as a person does.
    pub async fn press(&self, keys: &str) {
        let element = self
            .client
            .active_element()
            .await
            .expect("an active element");
        element.send_keys(keys).await.expect("keys");
        self.settle().await;
    }

    /// Types into the search box, and waits until all has been looked through.
    pub async fn search(&self, text: &str) {
        self.begin_search(text).await;
        self.until("!document.getElementById('search-count').textContent.includes('looking')")
            .await;
        self.settle().await;
    }

    /// Types into the search box.
    pub async fn begin_search(&self, text: &str) {
        let script = format!(
            "(() => {{ const box = document.getElementById('search'); box.value = {}; \
             box.dispatchEvent(new Event('input', {{ bubbles: true }})); return true; }})()",
            json!(text)
        );
        self.run(&script).await;
    }

    /// Waits until a script gives true.
    pub async fn until(&self, condition: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             const look = () => {{ if ({condition}) done(true); else requestAnimationFrame(look); }}; look();"
        );
        let wait = tokio::time::timeout(DEADLINE, self.client.execute_async(&script, Vec::new()));
        match wait.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => panic!("{condition}: {error}"),
            Err(_) => panic!(
                "not within {DEADLINE:?}: {condition}; problems: {}",
                self.run("window.problems").await
            ),
        }
    }

    /// Waits until what was asked for is drawn: two frames after the tasks that are under way.
    pub async fn settle(&self) {
        let script = "const done = arguments[arguments.length - 1]; \
                      setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))));";
        self.client
            .execute_async(script, Vec::new())
            .await
            .expect("a frame");
    }

    /// No script failed, and nothing was against the content policy.
    pub async fn assert_no_problems(&self) {
        let problems = self.run("window.problems").await;
        assert_eq!(problems, json!([]));
    }

    /// Nothing is wider than the screen: one scrolls down, never sideways.
    pub async fn assert_fits(&self, screen: Screen) {
        // `innerWidth` is no measure on a phone: it grows with what is too wide.
        let wide = self.run("document.documentElement.scrollWidth").await;
        assert_eq!(wide, screen.width, "{}", self.hash().await);
    }

    /// In every waterfall, axis, bands and bars share one scale, wherever it is scrolled to, and no text of the axis
    /// covers another or is out of reach.
    pub async fn assert_one_scale(&self, what: &str) {
        let problems = self.run(ONE_SCALE).await;
        assert_eq!(problems, json!([]), "{what}");
    }

    /// Brings an element to the top of the screen.
    pub async fn scroll_to(&self, selector: &str) {
        let script = format!(
            "(document.querySelector({}).scrollIntoView(), true)",
            json!(selector)
        );
        self.run(&script).await;
        self.settle().await;
    }

    /// The address after the file.
    pub async fn hash(&self) -> String {
        self.text("decodeURIComponent(location.hash)").await
    }

    /// Goes back, as with the browser's button.
    pub async fn back(&self) {
        self.client.back().await.expect("back");
        self.settle().await;
    }

    /// A picture of what is in sight, in the folder of screenshots; gives back where.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let png = self.client.screenshot().await.expect("a screenshot");
        keep(&format!("{name}.png"), &png)
    }

    /// Prints the page with all that a browser does for it, into the folder of screenshots; gives back where.
    pub async fn print(&self, name: &str) -> PathBuf {
        let printed = self.dev_tools("Page.printToPDF", json!({})).await;
        let data = printed["data"].as_str().expect("a PDF");
        let pdf = data_encoding::BASE64.decode(data.as_bytes());
        keep(&format!("{name}.pdf"), &pdf.expect("base64"))
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.client.clone().close().await.expect("the browser ends");
    }
}

/// Starts a driver on a free port.
async fn driver() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver starts");
    let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let port = tokio::time::timeout(DEADLINE, async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Some(port.trim_end_matches('.').to_owned());
            }
        }
        None
    });
    let port = port.await.ok().flatten()?;
    // It writes a line now and then; nobody reading would block it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some((driver, port))
}

/// Collects what goes wrong in a page from its beginning.
const LISTEN: &str = "window.problems = []; addEventListener('error', (e) => problems.push(e.message)); \
    addEventListener('unhandledrejection', (e) => problems.push(String(e.reason))); \
    document.addEventListener('securitypolicyviolation', (e) => problems.push('policy: ' + e.violatedDirective));";

/// What is wrong with the waterfalls of a page.
const ONE_SCALE: &str = include_str!("one_scale.js");

/// axe-core, as a script that defines `axe`.
pub const AXE: &str = include_str!("../axe/axe.min.js");

/// Where screenshots go: below the target folder, to be looked at.
#[must_use]
pub fn screenshots() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    target.unwrap_or_else(|| PathBuf::from(own)).join("page")
}

fn keep(name: &str, picture: &[u8]) -> PathBuf {
    let folder = screenshots();
    std::fs::create_dir_all(&folder).expect("the folder of screenshots");
    let path = folder.join(name);
    std::fs::write(&path, picture).expect("a picture");
    path
}

fn capabilities(folder: &Path) -> Capabilities {
    let mut arguments: Vec<String> = [
        "--headless=new",
        // Root, as in containers, has no sandbox; the pages are our own.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--lang=en-GB",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!(
        "--user-data-dir={}",
        folder.join("profile").display()
    ));
    let options =
        json!({ "goog:chromeOptions": { "args": arguments }, "timeouts": { "script": 30_000 } });
    match options {
        Value::Object(map) => map,
        _ => Capabilities::new(),
    }
}

/// One of the prepared failures.
#[must_use]
pub fn fixture(name: &str) -> Report {
    load(&format!(
        "{}/fixtures/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    ))
}

/// One of the reports of the Python tool.
#[must_use]
pub fn golden(name: &str) -> Report {
    load(&format!(
        "{}/../../choreo-report/tests/golden/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    ))
}

fn load(path: &str) -> Report {
    let loaded = choreo_report::read::from_path(Path::new(path));
    loaded
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .into_report()
}
