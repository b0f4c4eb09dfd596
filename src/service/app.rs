//! Apps: parts of this server and of what is installed beside it, that can be switched on and off.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Service;
use super::act::switch;
use super::app_info::{AppInfo, MAX_BYTES};
use crate::domain::permission::check_scope;
use crate::domain::provisioning::Level;
use crate::domain::{AppId, Change, Error, Principal, Result, StoreFailure};
use crate::request_id::RequestId;

/// The app that lets apps be switched, and therefore stays on as long as clients are asked.
const PROVISIONING: &str = "provisioning_api";

/// The parts of this server: id, name, description.
const OWN: [(&str, &str, &str); 3] = [
    ("customgroups", "Custom groups", "Groups that users make and manage themselves, over WebDAV"),
    ("dav", "WebDAV", "The tree of resources that WebDAV clients see"),
    (PROVISIONING, "Provisioning API", "Managing users, groups and apps over OCS"),
];

/// As many directories are looked at.
const MAX_APPS: usize = 1000;

/// How long the switches may be remembered; another process, such as the command line, may turn them.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Which apps a listing is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppFilter {
    /// All.
    All,
    /// Those that are on.
    Enabled,
    /// Those that are off.
    Disabled,
}

/// The apps that there are. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Apps {
    /// Each directory in here with an `appinfo/info.xml` is an app.
    directory: Option<PathBuf>,
}

impl Apps {
    /// The parts of this server, and what is installed in `directory`.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    /// All apps, by id. Reads files.
    fn read(&self) -> Result<Vec<AppInfo>> {
        let mut apps: Vec<AppInfo> = OWN.into_iter().map(own).collect();
        if let Some(directory) = &self.directory {
            let installed = read_directory(directory).map_err(StoreFailure::new)?;
            apps.extend(installed.into_iter().filter(|info| !is_own(&info.id)));
        }
        apps.sort_by(|one, other| one.id.cmp(&other.id));
        apps.dedup_by(|one, other| one.id == other.id);
        Ok(apps)
    }
}

fn is_own(id: &str) -> bool {
    OWN.iter().any(|(own, ..)| *own == id)
}

fn own((id, name, description): (&str, &str, &str)) -> AppInfo {
    AppInfo {
        id: id.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        licence: env!("CARGO_PKG_LICENSE").to_owned(),
        author: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        shipped: true,
        default_enable: true,
        ..AppInfo::default()
    }
}

/// The apps in a directory. One whose description cannot be read is left out and logged: it must not
/// hide the others.
fn read_directory(directory: &Path) -> io::Result<Vec<AppInfo>> {
    let mut apps = Vec::new();
    for entry in directory.read_dir()?.take(MAX_APPS) {
        let path = entry?.path().join("appinfo/info.xml");
        match read_info(&path) {
            Ok(info) => apps.extend(info),
            Err(error) => tracing::warn!(path = %path.display(), %error, "an app is left out"),
        }
    }
    Ok(apps)
}

/// One description; none where there is no such file.
fn read_info(path: &Path) -> io::Result<Option<AppInfo>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut xml = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut xml)?;
    if xml.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is too long"));
    }
    AppInfo::parse(&xml).map(Some).map_err(io::Error::other)
}

/// The switches as last read, shared by all copies of the service.
#[derive(Clone, Default)]
pub(super) struct Switches(Arc<Mutex<Remembered>>);

/// The apps that were switched on (true) or off (false).
type Switched = Arc<[(AppId, bool)]>;

#[derive(Default)]
struct Remembered {
    read: Option<(Instant, Switched)>,
    /// Counts what this process has switched, so that nothing older is remembered.
    changes: u64,
}

impl Switches {
    fn with<T>(&self, job: impl FnOnce(&mut Remembered) -> T) -> T {
        job(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn forget(&self) {
        self.with(|remembered| {
            remembered.read = None;
            remembered.changes += 1;
        });
    }
}

impl Service {
    /// Whether a part of this server is on. Costs a look into memory; what this process switches counts
    /// at once, what another one switches within a second.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn app_enabled(&self, app: &AppId) -> Result<bool> {
        Ok(switched(&self.app_switches()?, app).unwrap_or_else(|| is_own(app.as_str())))
    }

    fn app_switches(&self) -> Result<Switched> {
        let (known, changes) = self.switches.with(|now| (now.read.clone(), now.changes));
        if let Some((at, switches)) = known
            && at.elapsed() < REMEMBERED
        {
            return Ok(switches);
        }
        let switches: Switched = self.read(|reader| reader.app_switches())?.into();
        self.switches.with(|now| {
            if now.changes == changes {
                now.read = Some((Instant::now(), Arc::clone(&switches)));
            }
        });
        Ok(switches)
    }

    /// The ids of apps, sorted.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators.
    pub async fn list_apps(&self, who: &Principal, apps: &Apps, filter: AppFilter) -> Result<Vec<AppId>> {
        Level::Administrator.check(who)?;
        let mut found = installed(apps).await?;
        let switches = self.app_switches()?;
        found.retain(|info| match filter {
            AppFilter::All => true,
            AppFilter::Enabled => is_on(&switches, info),
            AppFilter::Disabled => !is_on(&switches, info),
        });
        Ok(found.iter().map(AppInfo::app_id).collect())
    }

    /// What an app says about itself.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators, then `AppUnknown`.
    pub async fn app_info(&self, who: &Principal, apps: &Apps, app: &AppId) -> Result<AppInfo> {
        Level::Administrator.check(who)?;
        find(apps, app).await
    }

    /// Switches an app on or off, from now on and after a restart.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `AppUnknown`; `AppStays` for the app that
    /// is needed to switch apps on again.
    pub async fn switch_app(&self, who: &Principal, apps: &Apps, app: &AppId, enabled: bool) -> Result<()> {
        let (attempt, switched) = (Change::of(switch(enabled), app), app.clone());
        if let Err(error) = check_scope(who, attempt.action).and_then(|()| Level::Administrator.check(who)) {
            return Err(self.refused(who, attempt, error).await);
        }
        find(apps, app).await?;
        if app.as_str() == PROVISIONING && !enabled {
            return Err(Error::AppStays);
        }
        let done = self.act(who, attempt, move |act| {
            Level::Administrator.check(&act.who)?;
            act.switch_app(&switched, enabled)
        });
        done.await?;
        self.switches.forget();
        Ok(())
    }

    /// Switches an app on or off as the operator of the server, who may switch every one.
    ///
    /// # Errors
    /// `AppUnknown`.
    pub async fn install_app_switch(&self, apps: &Apps, app: &AppId, enabled: bool) -> Result<()> {
        find(apps, app).await?;
        let switched = app.clone();
        self.operate(move |act| act.switch_app(&switched, enabled)).await?;
        self.switches.forget();
        Ok(())
    }
}

async fn installed(apps: &Apps) -> Result<Vec<AppInfo>> {
    let apps = apps.clone();
    tokio::task::spawn_blocking(RequestId::carried_into_job(move || apps.read()))
        .await
        .map_err(StoreFailure::new)?
}

async fn find(apps: &Apps, app: &AppId) -> Result<AppInfo> {
    let found = installed(apps).await?.into_iter().find(|info| info.id == app.as_str());
    found.ok_or(Error::AppUnknown)
}

fn switched(switches: &[(AppId, bool)], app: &AppId) -> Option<bool> {
    switches.iter().find(|(id, _)| id == app).map(|(_, enabled)| *enabled)
}

/// By its switch; one that was never touched as it comes.
fn is_on(switches: &[(AppId, bool)], info: &AppInfo) -> bool {
    switched(switches, &info.app_id()).unwrap_or(info.default_enable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_apps_hide_no_others() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |app: &str, xml: &str| {
            let place = directory.path().join(app).join("appinfo");
            std::fs::create_dir_all(&place).expect("made");
            std::fs::write(place.join("info.xml"), xml).expect("written");
        };
        write("good", "<info><id>good</id></info>");
        write("bad", "<info><id>bad");
        write("imposter", "<info><id>dav</id><name>Not ours</name></info>");
        write("long", &format!("<info><id>long</id>{}</info>", " ".repeat(70_000)));
        std::fs::create_dir(directory.path().join("none")).expect("made");
        std::fs::write(directory.path().join("file"), "").expect("written");

        let apps = Apps::new(Some(directory.path().to_owned())).read().expect("read");
        let names: Vec<_> = apps.iter().map(|info| (info.id.as_str(), info.name.as_str())).collect();
        let expected = [
            ("customgroups", "Custom groups"),
            ("dav", "WebDAV"),
            ("good", ""),
            ("provisioning_api", "Provisioning API"),
        ];
        assert_eq!(names, expected);
    }
}
