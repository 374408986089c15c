//! What a host plugs in. One file a port: the trait, its options, its capabilities and its contract.
//!
//! Every port is dyn-safe and taken as `Arc<dyn Port>`. Operations with an outside effect take an
//! [`IdempotencyKey`](crate::domain::IdempotencyKey) and find before they create: asking twice does it once.
//! The conformance suites (feature `testing`) check every promise made here, on any adapter.

mod artifact_store;
mod batch_language_model;
mod clock;
mod continuous_integration;
mod embedder;
mod language_model;
mod observer;
mod package_manager;
mod record_store;
mod review_desk;
mod secret_store;
mod source_control;

pub use artifact_store::*;
pub use batch_language_model::*;
pub use clock::*;
pub use continuous_integration::*;
pub use embedder::*;
pub use language_model::*;
pub use observer::*;
pub use package_manager::*;
pub use record_store::*;
pub use review_desk::*;
pub use secret_store::*;
pub use source_control::*;

/// Implements a port for `Arc<T>` and `Box<T>` by calling through.
macro_rules! forward_port {
    ($port:ident {
        $(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) $(-> $ret:ty)?;)*
        $(async fn $aname:ident(&self $(, $aarg:ident: $aty:ty)*) $(-> $aret:ty)?;)*
    }) => {
        #[async_trait::async_trait]
        impl<T: $port + ?Sized> $port for std::sync::Arc<T> {
            $(fn $name(&self $(, $arg: $ty)*) $(-> $ret)? { (**self).$name($($arg),*) })*
            $(async fn $aname(&self $(, $aarg: $aty)*) $(-> $aret)? { (**self).$aname($($aarg),*).await })*
        }
        #[async_trait::async_trait]
        impl<T: $port + ?Sized> $port for Box<T> {
            $(fn $name(&self $(, $arg: $ty)*) $(-> $ret)? { (**self).$name($($arg),*) })*
            $(async fn $aname(&self $(, $aarg: $aty)*) $(-> $aret)? { (**self).$aname($($aarg),*).await })*
        }
    };
}
pub(crate) use forward_port;
