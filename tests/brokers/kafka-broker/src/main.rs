//! A broker that speaks Kafka's protocol, for Choreo's own tests: Tansu's engine and services, offered in
//! versions that librdkafka can take from it (see [`versions`]).

mod arguments;
mod versions;

use std::error::Error;
use std::sync::Arc;

use rama::{Context, Layer as _, Service as _};
use tansu_broker::coordinator::group::administrator::Controller;
use tansu_broker::{NODE_ID, service};
use tansu_service::{
    BytesFrameLayer, FrameRouteService, TcpBytesLayer, TcpContext, TcpContextLayer,
};
use tansu_storage::{BrokerRegistrationRequest, Storage as _, StorageContainer};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::arguments::Arguments;
use crate::versions::Capped;

const CLUSTER: &str = "choreo";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let storage = StorageContainer::builder()
        .cluster_id(CLUSTER)
        .node_id(NODE_ID)
        .advertised_listener(arguments.advertised)
        .storage(arguments.storage)
        .silent(true)
        .build()
        .await?;
    storage
        .register_broker(BrokerRegistrationRequest {
            broker_id: NODE_ID,
            cluster_id: CLUSTER.into(),
            incarnation_id: Uuid::now_v7(),
            rack: None,
        })
        .await?;
    let groups = Controller::with_storage(storage.clone())?;
    let users = if arguments.authentication {
        Some(tansu_auth::configuration(storage.clone())?)
    } else {
        None
    };
    let routes: FrameRouteService<(), tansu_broker::Error> =
        service::storage::services(FrameRouteService::builder(), storage)
            .and_then(|routes| service::coordinator::services(routes, groups))
            .and_then(service::auth::services)?
            .build()?;

    let listener = TcpListener::bind(arguments.listener).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // One for each connection: it holds who has logged in.
        let connection = (
            TcpContextLayer::new(TcpContext::default().cluster_id(Some(CLUSTER.into()))),
            TcpBytesLayer::default(),
            BytesFrameLayer::default().with_sasl_config(users.as_ref().map(Arc::clone)),
        )
            .into_layer(Capped(routes.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.serve(Context::default(), stream).await {
                eprintln!("a connection ended: {error:?}");
            }
        });
    }
}
