//! Apps that were switched on or off.

use rusqlite::params;

use super::session::Session;
use crate::domain::{AppId, Result};
use crate::store::{AppReader, AppWriter};

impl AppReader for Session<'_> {
    fn app_switches(&self) -> Result<Vec<(AppId, bool)>> {
        self.all("SELECT id, enabled FROM apps ORDER BY id", [], |row| {
            Ok((AppId::new(row.get::<_, String>(0)?), row.get(1)?))
        })
    }
}

impl AppWriter for Session<'_> {
    fn switch_app(&mut self, app: &AppId, enabled: bool) -> Result<()> {
        self.change(
            "INSERT INTO apps (id, enabled) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET enabled = excluded.enabled",
            params![app.as_str(), enabled],
        )?;
        Ok(())
    }
}
