using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.OpenAi.Chat;
using LatentDb.Silo.OpenAi.Models;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.OpenAi;

/// <summary>The part of OpenAI's API that a memory can answer, for programs that speak it already.</summary>
internal static class OpenAiRoutes
{
    private static readonly ApiStream Stream = new("With stream: data-only events of chat.completion.chunk objects, then [DONE]; an error ends the stream as {\"error\"}.");

    public static void AddOpenAi(this IServiceCollection services)
    {
        services.AddSingleton<ServedModels>();
        services.AddSingleton<CompleteChat>();
    }

    public static void MapOpenAi(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder v1 = app.MapGroup("/v1").WithTags("openai").WithMetadata(OpenAiErrorBody.Shape);
        v1.MapPost("/chat/completions", Complete).Needs(Role.Reader)
            .Reads(ChatHeaders.MemoryParameter, ChatHeaders.AtParameter, ChatHeaders.CreateParameter, ChatHeaders.InjectParameter, ApiParameter.IdempotencyKey)
            .Takes<ChatCompletionBody>().Streams(Stream)
            .GivesOpenAi<ChatCompletion>("createChatCompletion", "Answers a conversation with a memory, as OpenAI's API does.", 400, 403, 404, 409, 410, 413, 415, 422, 507);
        v1.MapGet("/models", ListModels).Needs(Role.Reader).GivesOpenAi<ModelListBody>("listModels", "The model that is served.");
        v1.MapGet("/models/{model}", GetModel).Needs(Role.Reader).GivesOpenAi<ModelBody>("getModel", "One model.", 404);
    }

    private static Task Complete(HttpContext context, RequestScope scope, CompleteChat chat) => chat.HandleAsync(context, scope);

    private static IResult ListModels(ServedModels models) => Results.Json(new ModelListBody([models.Describe()]), ApiJson.Options);

    private static IResult GetModel(string model, ServedModels models) => Results.Json(models.Require(model), ApiJson.Options);

    private static void GivesOpenAi<T>(this RouteHandlerBuilder route, string name, string summary, params int[] refusals)
    {
        route.WithName(name).WithSummary(summary).Produces<T>(StatusCodes.Status200OK, "application/json");
        foreach (int status in (int[])[.. refusals, 429, 500, 503]) route.Produces<OpenAiErrorBody>(status, "application/json");
    }
}
