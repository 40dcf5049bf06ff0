package graphapi

import (
	"bytes"
	"net/http"
	"slices"

	"provision/emulator/directory"
)

// The logo of an application.
// Source: learn.microsoft.com/graph/api/application-update ("logo").
var logoRoutes = []route{
	{method: "GET", pattern: "applications/{id}/logo", requires: readApplications, handle: (*call).getLogo},
	{method: "PUT", pattern: "applications/{id}/logo", requires: writeApplications, handle: (*call).setLogo},
}

const (
	logoBucket = "logos" // object id of the application → the image
	maxLogo    = 100 << 10
)

func (c *call) getLogo() (answer, error) {
	app, err := c.application(c.view)
	if err != nil {
		return answer{}, err
	}
	image, ok := c.service.directory.Load(logoBucket, app.ID)
	if !ok {
		return answer{}, refuse(http.StatusNotFound, "ImageNotFound", "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.")
	}
	return answer{status: http.StatusOK, body: image, media: http.DetectContentType(image)}, nil
}

// setLogo stores the image and sets info.logoUrl to its address.
func (c *call) setLogo() (answer, error) {
	kind := http.DetectContentType(c.body)
	if !slices.Contains([]string{"image/gif", "image/jpeg", "image/png"}, kind) {
		return answer{}, badRequest("The logo must be an image in GIF, JPEG or PNG format.")
	}
	if len(c.body) > maxLogo {
		return answer{}, badRequest("The logo must not be larger than %d bytes.", maxLogo)
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		app, err := c.ownedApplication(tx)
		if err != nil {
			return err
		}
		if err := c.service.directory.Save(logoBucket, app.ID, bytes.Clone(c.body)); err != nil {
			return err
		}
		return tx.SetLogoURL(app.ID, c.service.origin+"/v1.0/applications/"+app.ID+"/logo")
	})
}
