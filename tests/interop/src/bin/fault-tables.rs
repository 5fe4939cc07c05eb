//! `fault-tables [GUIDE..]`: breaks each link under the applications of these guides (all by default), and writes the
//! resulting errors into `docs/guides`.

use std::env::args;
use std::io::{Write as _, stderr};
use std::path::Path;

use interop::Error;
use interop::faults::database::Application;
use interop::faults::{database, search, write};
use interop::server::cache_folder;
use irsa_demo::reference_apps::keycloak::KeycloakHome;
use irsa_demo::reference_apps::search_clients::{self, SearchClient};
use irsa_demo::reference_apps::web_modeler;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let named: Vec<String> = args().skip(1).collect();
    let is_wanted = |guide: &str| named.is_empty() || named.iter().any(|name| name == guide);
    let cache = cache_folder()?;
    if is_wanted("web-modeler") {
        let built = web_modeler::build(&cache, &tell).await?;
        write_database_table(&Application::WebModeler(built)).await?;
    }
    if is_wanted("keycloak") {
        let home = KeycloakHome::locate(&cache, &tell).await?;
        write_database_table(&Application::Keycloak(home)).await?;
    }
    let clients = [SearchClient::Operate, SearchClient::Zeebe];
    let clients: Vec<SearchClient> = clients
        .into_iter()
        .filter(|client| is_wanted(client.name()))
        .collect();
    if !clients.is_empty() {
        write_search_tables(&clients, &cache).await?;
    }
    Ok(())
}

async fn write_database_table(application: &Application) -> Result<(), Error> {
    tell(&format!("breaking links under {}", application.guide()));
    let rows = database::table(application).await?;
    write(application.guide(), &rows)
}

async fn write_search_tables(clients: &[SearchClient], cache: &Path) -> Result<(), Error> {
    let built = search_clients::build(cache, &tell).await?;
    let lab = search::lab().await?;
    for client in clients {
        tell(&format!("breaking links under {}", client.name()));
        let rows = search::table(&lab, *client, &built).await?;
        write(client.name(), &rows)?;
    }
    lab.stop().await;
    Ok(())
}

fn tell(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
