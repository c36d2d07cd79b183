using Microsoft.Playwright;

namespace LatentDb.Browser.Support;

/// <summary>One Chromium for all tests, which run one after the other; every test gets a profile of its own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>Tests run offline, in containers without a sandbox or a graphics card.</summary>
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (RequiresChromiumFactAttribute.Program is not { } program) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = Flags });
    }

    internal async Task<ConsolePage> OpenAsync(Uri server, ColorScheme colours = ColorScheme.Light, int width = 1280, int height = 800)
    {
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = server.ToString(),
            ColorScheme = colours,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-GB",
        });
        return await ConsolePage.OpenAsync(context);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>Tests of the console share the browser and take turns.</summary>
[CollectionDefinition(Name)]
public sealed class ChromiumTests : ICollectionFixture<Chromium>
{
    public const string Name = "Chromium";
}
