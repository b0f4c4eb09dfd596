//! Apps that were switched on or off.

use davgroups::domain::AppId;

use crate::database::Database;
use crate::fixture::{read, write};

pub fn switches_are_kept(database: &dyn Database) {
    let store = database.open();
    assert!(read(&store, |reader| reader.app_switches()).is_empty());
    write(&store, |tx| {
        tx.switch_app(&AppId::new("files_texteditor"), true)?;
        tx.switch_app(&AppId::new("customgroups"), false)?;
        tx.switch_app(&AppId::new("Files"), true)?;
        tx.switch_app(&AppId::new("files_texteditor"), false)
    });
    drop(store);
    let switches = read(&database.open(), |reader| reader.app_switches());
    let switches: Vec<_> = switches.iter().map(|(app, on)| (app.as_str(), *on)).collect();
    assert_eq!(switches, [("Files", true), ("customgroups", false), ("files_texteditor", false)]);
}
