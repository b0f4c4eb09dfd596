//! The OCS provisioning API: users, groups, subadmins and apps, and what clients ask before they log in.
//!
//! A request becomes a [`command::Command`], which is carried out by one call of the service; what comes
//! back is one value, shown as XML or JSON. [`status`] alone knows statuscodes.

mod batch;
mod command;
mod endpoint;
mod envelope;
mod execute;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod info;
mod json;
mod multipart;
mod params;
mod reply;
mod route;
mod status;
mod value;
mod view;

use std::path::PathBuf;

use http::header::HOST;
use http::{HeaderMap, Method, Uri};

use crate::domain::{AppId, Error, Principal};
use crate::edge::{Compat, Endpoint, Lasting, Line, Refusal, Request, Response};
use crate::service::{Apps, Homes, Service};
use command::Command;
use execute::{Executor, Outcome};
use params::{Malformed, Params};
use reply::Reply;
use route::{Notice, Operation, Resource, Route, Target};

/// What an operator decides about the API.
#[derive(Clone, Debug)]
pub struct OcsSettings {
    /// Whose statuses are answered.
    pub compat: Compat,
    /// What the server calls itself.
    pub server_name: String,
    /// The directory in which apps are installed, one directory each.
    pub apps_dir: Option<PathBuf>,
    /// Where users have their files; `{user}` stands for the id.
    pub home_template: Option<String>,
    /// Where the server keeps its own data: its file system counts where users have no homes.
    pub data_dir: PathBuf,
}

impl Default for OcsSettings {
    fn default() -> Self {
        Self {
            compat: Compat::default(),
            server_name: env!("CARGO_PKG_NAME").to_owned(),
            apps_dir: None,
            home_template: None,
            data_dir: PathBuf::from("."),
        }
    }
}

/// Why an operation was not carried out.
enum Fault {
    /// It is not there, as long as it is switched off.
    SwitchedOff,
    /// Its parameters cannot be read.
    Malformed(Malformed),
    /// The service refused.
    Refused(Error),
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Fault::Malformed(malformed)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Refused(error)
    }
}

/// Answers everything below `/ocs/`, and `/status.php`.
pub struct Ocs {
    executor: Executor,
}

impl Ocs {
    /// Everything that requests can go to.
    pub const ENDPOINTS: &[Endpoint] = &endpoint::ALL;

    /// Over `service`.
    pub fn new(service: Service, settings: OcsSettings) -> Self {
        let apps = Apps::new(settings.apps_dir.clone());
        let homes = Homes::new(settings.home_template.clone(), settings.data_dir.clone());
        Self { executor: Executor { service, settings, apps, homes } }
    }

    /// Answers a request, whose path is without the base path. What is not there and what is open to
    /// everybody is answered whether or not anybody has logged in.
    pub async fn handle(&self, who: Result<&Principal, &Refusal>, request: Request) -> Response {
        let route = Route::of(request.uri().path(), self.executor.settings.compat);
        let endpoint = endpoint::of(&route.target);
        let mut response = self.answer(who, route, request).await;
        response.extensions_mut().insert(endpoint);
        response
    }

    async fn answer(&self, who: Result<&Principal, &Refusal>, route: Route, request: Request) -> Response {
        let compat = self.executor.settings.compat;
        let params = match &route.target {
            // Its body is read as what it is.
            Target::Batch => Params::of_query(request.uri().query()),
            _ => Params::read(&request).await,
        };
        let format = match &params {
            Ok(params) => reply::format_of(params, request.headers()),
            Err(_) => reply::format_of_query(request.uri(), request.headers()),
        };
        let reply = Reply::new(&route, format);
        let resource = match route.target {
            Target::Unknown => return reply.unknown(),
            Target::Notice(notice) => return self.tell(notice, &reply, &request),
            Target::Batch => return self.perform_all(who, &reply, &request).await,
            Target::Resource(resource) => resource,
        };
        let operation = match resource.operation(request.method(), compat) {
            Ok(operation) => operation,
            Err(allow) => return reply.wrong_method(&allow),
        };
        let who = match who {
            Ok(who) => who,
            Err(refusal) => return reply.refusal(refusal),
        };
        match self.perform(who, operation, &resource, params).await {
            Ok(outcome) => {
                let mut response = reply.outcome(outcome);
                if operation.lasts() {
                    response.extensions_mut().insert(Lasting);
                }
                response
            }
            Err(Fault::Refused(error)) => reply.error(operation, &error, compat),
            Err(Fault::Malformed(malformed)) => reply.malformed(&malformed),
            Err(Fault::SwitchedOff) => reply.switched_off(),
        }
    }

    /// Nobody below the level of an operation learns whether its parameters would have done. A change that
    /// can be read goes to the service all the same, which writes down who was denied what.
    async fn perform(
        &self,
        who: &Principal,
        operation: Operation,
        resource: &Resource,
        params: Result<Params, Malformed>,
    ) -> Result<Outcome, Fault> {
        if operation.is_provisioning() && !self.is_switched_on()? {
            return Err(Fault::SwitchedOff);
        }
        let allowed = operation.level().check(who);
        let command = params.and_then(|params| Command::read(operation, resource, &params));
        if operation.lasts() || command.is_err() {
            allowed?;
        }
        Ok(self.executor.execute(who, command?).await?)
    }

    /// Carries out a list of changes, or none of them.
    async fn perform_all(
        &self,
        who: Result<&Principal, &Refusal>,
        reply: &Reply,
        request: &Request,
    ) -> Response {
        if *request.method() != Method::POST {
            return reply.wrong_method("POST");
        }
        let who = match who {
            Ok(who) => who,
            Err(refusal) => return reply.refusal(refusal),
        };
        match self.is_switched_on() {
            Ok(true) => {}
            Ok(false) => return reply.switched_off(),
            Err(error) => return reply.refusal(&Refusal::Failed(error)),
        }
        let compat = self.executor.settings.compat;
        let (operations, steps) = match batch::read(request.body(), compat) {
            Ok(read) => read,
            Err(unusable) => return reply.unusable(&unusable),
        };
        let undone = self.executor.service.perform_all(who, steps).await.err();
        reply.batch(&operations, undone.as_ref(), compat)
    }

    fn is_switched_on(&self) -> Result<bool, Error> {
        self.executor.service.app_enabled(&AppId::new("provisioning_api"))
    }

    /// Answers a request that was refused before anybody looked at what it asks for.
    pub fn refuse(&self, uri: &Uri, headers: &HeaderMap, refusal: &Refusal) -> Response {
        let route = Route::of(uri.path(), self.executor.settings.compat);
        Reply::new(&route, reply::format_of_query(uri, headers)).refusal(refusal)
    }

    fn tell(&self, notice: Notice, reply: &Reply, request: &Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return reply.wrong_method("GET, HEAD");
        }
        match notice {
            Notice::Status => reply.plain_json(&info::status(self.executor.settings.compat)),
            Notice::Config => {
                let host = request.headers().get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
                let encrypted = request.extensions().get() == Some(&Line::Encrypted);
                let data = info::config(&self.executor.settings, &host.unwrap_or_default(), encrypted);
                reply.outcome(Outcome::of(data))
            }
        }
    }
}
