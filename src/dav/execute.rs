//! Commands become calls of the service, and results become answers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue, VARY};
use http::{Response as HttpResponse, StatusCode};

use super::allow;
use super::command::{Command, Minimal};
use super::csv;
use super::error::{Problem, XML};
use super::framework::Framework;
use super::header::Conditions;
use super::listing::{self, kind};
use super::multistatus::{Multistatus, Selection, Slash};
use super::page;
use super::path::{self, Target};
use super::pieces;
use super::prop::Kind;
use super::proppatch::{Change, Plan};
use super::request::{BodyError, Instruction, PropertyUpdate, Wanted};
use super::xml::Name;
use crate::domain::{AppId, CustomGroup, Error, Node, Place, Principal, Search};
use crate::edge::{BasePath, Body, Compat, Lasting, Request, Response};
use crate::service::{Children, ImportRow, Listing, Scope, Service};

/// What somebody sees who is not a WebDAV client.
const TEXT: &str =
    "This is a WebDAV collection of custom groups; a WebDAV client or a browser can look at it.\n";

/// The shape of every answer.
type Answer = Result<Response, Problem>;

/// Does what commands ask for.
pub struct Executor {
    service: Service,
    framework: Framework,
    compat: Compat,
    base: String,
}

impl Executor {
    /// Over `service`.
    pub fn new(service: Service, compat: Compat, base_path: &BasePath) -> Self {
        let framework = Framework::new(service.clone(), compat, base_path);
        Self { service, framework, compat, base: base_path.as_str().to_owned() }
    }

    /// Does one.
    ///
    /// # Errors
    /// [`Problem`]: what is not there or may not be seen, then the conditions of the request, then what
    /// the command runs into.
    pub async fn execute(
        &self,
        who: &Principal,
        target: &Target,
        command: Command,
        conditions: Conditions,
    ) -> Answer {
        match command {
            Command::Propfind(place, scope, wanted, minimal) => {
                let selection = self.selection(wanted, minimal);
                self.propfind(who, &place, scope, &selection, conditions).await
            }
            Command::Search(place, search, wanted) => {
                let selection = self.selection(wanted, false);
                self.search(who, &place, search, &selection).await
            }
            Command::Proppatch(place, update, minimal) => {
                self.proppatch(who, &place, &update, minimal, conditions).await
            }
            Command::ExtendedMkcol(place, instructions) => {
                self.extended_mkcol(who, &place, &instructions, conditions).await
            }
            Command::Read { request, html, export } => match (self.find(who, target)?, target) {
                (Some(Node::Group(group)), Target::Tree(place)) if export => {
                    self.export(who, place, &group).await
                }
                (node, _) => self.read(who, target, node.as_ref(), request, html).await,
            },
            Command::Add(place, _) if conditions.is_empty() => self.add(who, &place).await,
            Command::Import(place, rows) => self.import(who, &place, rows).await,
            Command::Options => self.options(who, target),
            Command::Never(method) => {
                // What is to be copied or moved must exist; a lock can be asked for on a free name.
                if matches!(method.as_str(), "COPY" | "MOVE") {
                    self.find(who, target)?;
                }
                Err(Problem::method_not_allowed(&method))
            }
            Command::Add(_, request) | Command::Framework(request) => {
                self.framework.answer(who, request, &self.href(target)).await
            }
        }
    }

    /// Apps that are switched off are not there: `dav` is all of it, `customgroups` its tree.
    ///
    /// # Errors
    /// [`Problem`], 404.
    pub fn check_switched_on(&self, target: &Target) -> Result<(), Problem> {
        let apps: &[&str] = match target {
            Target::Tree(_) => &["dav", "customgroups"],
            Target::Around(_) | Target::Nowhere(_) => &["dav"],
        };
        for app in apps {
            if !self.service.app_enabled(&AppId::new(*app)).map_err(|error| self.problem(&error))? {
                return Err(self.problem(&Error::NothingThere((*app).to_owned())));
            }
        }
        Ok(())
    }

    /// What the resource at `target` takes, for 405 and OPTIONS.
    pub fn methods(&self, who: &Principal, target: &Target) -> &'static str {
        match target {
            Target::Tree(place) => allow::methods(target, self.service.locate(who, place)),
            Target::Around(_) | Target::Nowhere(_) => allow::methods(target, Ok(Node::Root)),
        }
    }

    async fn propfind(
        &self,
        who: &Principal,
        place: &Place,
        scope: Scope,
        selection: &Selection,
        conditions: Conditions,
    ) -> Answer {
        let href = path::href(&self.base, place);
        if scope == Scope::all_children() {
            return self.list(who, place, href, selection, conditions).await;
        }
        let listing = self.browse(who, place, scope).await?;
        check(conditions, true)?;
        Ok(lasting(multistatus(listing::render(&href, &listing, selection))))
    }

    /// A place with everything below it: as a whole, or in pieces if it is long.
    async fn list(
        &self,
        who: &Principal,
        place: &Place,
        href: String,
        selection: &Selection,
        conditions: Conditions,
    ) -> Answer {
        let listing = self.browse(who, place, pieces::first()).await?;
        check(conditions, true)?;
        if let Some(last) = pieces::rest(&listing) {
            let (service, who) = (self.service.clone(), who.clone());
            return Ok(multistatus(pieces::body(service, who, href, listing, last, selection.clone())));
        }
        Ok(lasting(multistatus(listing::render(&href, &listing, selection))))
    }

    async fn browse(&self, who: &Principal, place: &Place, scope: Scope) -> Result<Listing, Problem> {
        self.service.browse(who, place, scope).await.map_err(|error| self.problem(&error))
    }

    async fn search(&self, who: &Principal, place: &Place, search: Search, selection: &Selection) -> Answer {
        let node = self.locate(who, place)?;
        if !kind(&node).is_searchable() {
            return Err(BodyError::Report(Name::owncloud("search-query").to_string()).into());
        }
        let scope = Scope::Children(search);
        let listing = self.browse(who, place, scope).await?;
        let href = path::href(&self.base, place);
        Ok(lasting(multistatus(listing::render_matches(&href, &listing, selection))))
    }

    async fn proppatch(
        &self,
        who: &Principal,
        place: &Place,
        update: &PropertyUpdate,
        minimal: Minimal,
        conditions: Conditions,
    ) -> Answer {
        let node = self.locate(who, place)?;
        check(conditions, true)?;
        let plan = Plan::new(&update.instructions, kind(&node), self.compat)?;
        if let Some(refusal) = plan.refusal() {
            return Ok(self.outcome(place, &refusal));
        }
        match self.change(who, place, plan.change()).await {
            Err(error) => match self.status_of_property(&error) {
                Some(status) => Ok(self.outcome(place, &plan.failed(status))),
                None => Err(self.problem(&error)),
            },
            Ok(()) if minimal || self.compat == Compat::Documented => Ok(status(StatusCode::NO_CONTENT)),
            Ok(()) => Ok(self.outcome(place, &plan.done())),
        }
    }

    async fn change(&self, who: &Principal, place: &Place, change: Option<Change>) -> Result<(), Error> {
        match change {
            Some(Change::Rename(name)) => self.service.rename_custom_group(who, place, name).await,
            Some(Change::SetRole(role)) => self.service.set_role(who, place, role).await,
            None => Ok(()),
        }
    }

    /// The status of the property at fault, where an error is one of a property (RFC 4918 section 9.2.1)
    /// and not of the request.
    fn status_of_property(&self, error: &Error) -> Option<StatusCode> {
        let status = self.problem(error).status;
        matches!(status, StatusCode::FORBIDDEN | StatusCode::CONFLICT).then_some(status)
    }

    async fn extended_mkcol(
        &self,
        who: &Principal,
        place: &Place,
        instructions: &[Instruction],
        conditions: Conditions,
    ) -> Answer {
        check(conditions, false)?;
        self.service.check_creatable(who, place).await.map_err(|error| self.problem(&error))?;
        let plan = Plan::new(instructions, Kind::Group, self.compat)?;
        if let Some(refusal) = plan.refusal() {
            return Ok(self.outcome(place, &refusal));
        }
        let name = plan.change().and_then(|change| match change {
            Change::Rename(name) => Some(name),
            Change::SetRole(_) => None,
        });
        let created = self.service.create_custom_group(who, place, name).await;
        created.map_err(|error| self.problem(&error))?;
        Ok(status(StatusCode::CREATED))
    }

    /// A browser gets an index of a collection, anybody else a line of text; a membership is its role.
    async fn read(
        &self,
        who: &Principal,
        target: &Target,
        node: Option<&Node>,
        request: Request,
        html: bool,
    ) -> Answer {
        let collection = node.is_none_or(Node::is_collection);
        if collection && !html {
            return Ok(text(Bytes::from_static(TEXT.as_bytes())));
        }
        let mut href = self.href(target);
        if collection && !href.ends_with('/') {
            // The framework would redirect to this path.
            href.push('/');
        }
        let answer = self.framework.answer(who, request, &href).await?;
        Ok(if collection { page::confine(answer) } else { text(answer.into_body().whole()) })
    }

    async fn export(&self, who: &Principal, place: &Place, group: &CustomGroup) -> Answer {
        let listing = self.service.browse(who, place, Scope::all_children()).await;
        let Children::Members(members) = listing.map_err(|error| self.problem(&error))?.children else {
            return Err(self.problem(&Error::NothingThere(group.uri.as_str().to_owned())));
        };
        let csv = csv::write(&members).map_err(|error| unavailable(&error))?;
        let mut response = HttpResponse::new(csv.into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        headers.insert(CACHE_CONTROL, page::NOT_KEPT);
        let disposition = format!("attachment; filename=\"{}\"", csv::file_name(group.uri.as_str()));
        let disposition = HeaderValue::from_str(&disposition).map_err(|error| unavailable(&error))?;
        headers.insert(CONTENT_DISPOSITION, disposition);
        Ok(response)
    }

    /// Without conditions the framework would look up what is there for nothing: a fifth of the request.
    async fn add(&self, who: &Principal, place: &Place) -> Answer {
        self.service.add_member(who, place).await.map_err(|error| self.problem(&error))?;
        Ok(status(StatusCode::CREATED))
    }

    async fn import(&self, who: &Principal, place: &Place, rows: Vec<ImportRow>) -> Answer {
        if !matches!(self.locate(who, place)?, Node::Group(_)) {
            let message = "members can only be imported into a group";
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, message));
        }
        let outcomes = self.service.import_members(who, place, rows).await;
        let outcomes = outcomes.map_err(|error| self.problem(&error))?;
        let mut response =
            HttpResponse::new(csv::results(&outcomes).map_err(|error| unavailable(&error))?.into());
        *response.status_mut() = StatusCode::CREATED;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        Ok(response)
    }

    /// Answered here and not by the framework, of whose answer nothing would be left.
    fn options(&self, who: &Principal, target: &Target) -> Answer {
        if let Err(problem) = self.find(who, target) {
            let hidden = matches!(problem.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
            if hidden || matches!(target, Target::Nowhere(_)) {
                return Err(problem);
            }
        }
        let mut response = HttpResponse::default();
        allow::describe(&mut response, self.methods(who, target));
        Ok(response)
    }

    /// What is at `target`; none for the collections around the tree.
    fn find(&self, who: &Principal, target: &Target) -> Result<Option<Node>, Problem> {
        match target {
            Target::Tree(place) => self.locate(who, place).map(Some),
            Target::Around(_) => Ok(None),
            Target::Nowhere(segments) => {
                Err(self.problem(&Error::NothingThere(segments.last().cloned().unwrap_or_default())))
            }
        }
    }

    fn locate(&self, who: &Principal, place: &Place) -> Result<Node, Problem> {
        self.service.locate(who, place).map_err(|error| self.problem(&error))
    }

    fn href(&self, target: &Target) -> String {
        match target {
            Target::Tree(place) => path::href(&self.base, place),
            Target::Around(segments) | Target::Nowhere(segments) => path::around_href(&self.base, segments),
        }
    }

    fn selection(&self, wanted: Wanted, minimal: Minimal) -> Selection {
        Selection { wanted, minimal, as_printed: self.compat == Compat::Documented }
    }

    fn outcome(&self, place: &Place, outcome: &[(Name, StatusCode)]) -> Response {
        let mut document = Multistatus::new(&path::href(&self.base, place), Slash::Never);
        document.outcome(outcome);
        multistatus(document.finish())
    }

    fn problem(&self, error: &Error) -> Problem {
        Problem::of(error, self.compat)
    }
}

fn check(conditions: Conditions, exists: bool) -> Result<(), Problem> {
    if conditions.hold(exists) {
        return Ok(());
    }
    let message = "a condition of the request (If, If-Match or If-None-Match) does not hold";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, message))
}

/// What cannot happen, and is logged if it does.
fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "an answer could not be written");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the answer could not be written; the reason is in the log")
}

fn status(status: StatusCode) -> Response {
    let mut response = HttpResponse::default();
    *response.status_mut() = status;
    response
}

/// 207. The headers by which the answer varies are said, since a cache could not know.
fn multistatus(document: impl Into<Body>) -> Response {
    let mut response = HttpResponse::new(document.into());
    *response.status_mut() = StatusCode::MULTI_STATUS;
    response.headers_mut().insert(CONTENT_TYPE, XML);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Brief, Prefer"));
    response
}

/// Says that an answer depends on what is stored alone.
fn lasting(mut response: Response) -> Response {
    response.extensions_mut().insert(Lasting);
    response
}

fn text(text: Bytes) -> Response {
    let mut response = HttpResponse::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
