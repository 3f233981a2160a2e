//! A TCP connection that can be cut: what stands behind it goes away and comes back.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Passes connections on to one address, while it is up.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    up: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Starts one in front of `host:port`. It lives as long as the test process.
    pub fn start((host, port): (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = Self {
            port: listener.local_addr().expect("its address").port(),
            up: Arc::new(AtomicBool::new(true)),
            open: Arc::default(),
        };
        let (up, open) = (proxy.up.clone(), proxy.open.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if !up.load(Ordering::SeqCst) {
                    continue;
                }
                if let Ok(far) = TcpStream::connect((host.as_str(), port)) {
                    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                    open.extend([&near, &far].map(TcpStream::try_clone).into_iter().flatten());
                    pass(&near, &far);
                    pass(&far, &near);
                }
            }
        });
        proxy
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection and lets no new one through.
    pub fn cut(&self) {
        self.up.store(false, Ordering::SeqCst);
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // Whoever has hung up already is what was wanted.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.up.store(true, Ordering::SeqCst);
    }
}

fn pass(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    std::thread::spawn(move || {
        // Ends when either side hangs up, or is cut.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
