# The account's pages
section-label = マイアカウント
section-overview = 最初のページ
section-profile = お名前と連絡先
section-password = パスワード
section-trusted = 頼れる人
section-devices = 端末
section-services = サービス
section-log = 利用の記録
account-told = お知らせ
account-told-empty = まだお知らせはありません。アカウントに変わったことがあったとき、ここに表示します。確認済みのメールアドレスがあれば、メールでもお知らせします。
account-asked = { $count }人の方が、あなたの返事を待っています。
account-asked-open = 「頼れる人」を開く
account-log-hub = このサービス自身
account-log-older = これより前の記録
account-log-newest = 最新の記録
account-sign-in-again = ログインしてから時間がたっています。いったんログアウトして、もう一度ログインしてから、お試しください。
log-password-checked = パスワードの再確認
log-email-asked = 確認のためのメールアドレスの入力
log-email-confirmed = メールアドレスの確認
log-recovery-begun = アカウントを使えるようにする申し込み
log-recovery-done = アカウントの回復
log-family-asked = 「頼れる人」への助けの申し込み
log-family-confirmed = 「頼れる人」による確認
log-family-cancelled = 回復の手続きの中止
log-family-done = 「頼れる人」の助けによるアカウントの回復
log-trusted-changed = 「頼れる人」の変更
log-account-opened = マイアカウントの閲覧
log-mail-sent = メールの送信

# Changing the password
change-password-title = パスワードの変更
change-password-effect = 変更すると、ほかの端末はすべてログアウトされ、サービスは改めてログインを求めます。
password-current-label = 今のパスワード
password-current-wrong = 今のパスワードが正しくありません。
password-wait = 何度か続けて正しく入力されませんでした。{ $wait }ほどたってから、もう一度お試しください。

# Name and address
profile-name-hint = ログインIDを変えたいときは、ご利用の窓口にお問い合わせください。
profile-problem-title = 変更できませんでした
profile-email-now = 今のアドレス
profile-verified = 確認済み
profile-unverified = 未確認
profile-no-mail = このサービスはメールを送らない設定のため、ここではアドレスを確認できません。変更したいときは、ご利用の窓口にお問い合わせください。
profile-email-label = 確認するアドレス
profile-email-hint = このアドレスに確認番号をお送りします。番号をこの画面に入力すると、あなたのアドレスになります。これまでのアドレスにもお知らせします。
profile-code-label = メールに書かれた確認番号
profile-code-hint = 8けたの数字です。30分の間だけ使えます。メールが見つからないときは、迷惑メールの中もご確認ください。
profile-code-sent = このアドレスでメールを受け取れる場合は、まもなく確認番号が届きます。
profile-code-wrong = 確認番号が正しくないか、期限が切れています。もう一度入力するか、新しい番号を送ってください。
profile-confirmed = メールアドレスを確認しました。これからは、アカウントに変わったことがあったとき、このアドレスにお知らせします。
profile-not-an-address = メールアドレスの形になっていません。「name@example.jp」のような形で入力してください。
profile-taken = このアドレスは使えません。ほかのアカウントで使われているか、最近まで使われていました。
button-send-code = 確認番号を送る
button-confirm-code = アドレスを確認する
profile-language = 表示する言語
profile-language-hint = この端末の画面と、あなたへのメールに使う言語です。
profile-language-kept = 表示する言語を変更しました。
